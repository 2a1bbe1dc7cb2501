/**
 * A server's completion as a candidate. Servers may leave the end token in the text: there it would be judged, and
 * learnt beside the one that closes the completion. With the model's tokenizer it is taken off; without, it is said
 * (training takes it for the closing one either way, `encodeSide`).
 */
import type { Candidate } from "../factuality/records";
import { isFinished } from "../server/wire";
import type { Tokenizer } from "../text/tokenizer";
import type { Served } from "./serverSample";

/** @param tokenizer the model's, where it is known */
export function servedCandidate(served: Served, seed: number, tokenizer?: Tokenizer): Candidate {
  const { questionId, index, completion } = served;
  const ends = tokenizer?.eosIds.map((id) => tokenizer.decode([id])) ?? [];
  const text = completion.trimEnd();
  const end = ends.find((token) => token !== "" && text.endsWith(token));
  return {
    questionId,
    index,
    completion: end === undefined ? completion : text.slice(0, -end.length),
    seed,
    ...(end === undefined && !isFinished(served) && { finished: false }),
  };
}

/** End tokens as the families spell them. */
const endToken = /(?:<\/s>|<\|[a-z_]+\|>|<end_of_turn>|<eos>|<｜end▁of▁sentence｜>)\s*$/;

/** A note on completions that seem to have one, or nothing. */
export function endTokenText(candidates: readonly Candidate[]): string {
  const found = candidates.flatMap(({ completion }) => endToken.exec(completion)?.[0].trim() ?? []);
  if (found.length === 0) return "";
  return `, ${found.length} with an end token in the text (${found[0]}; --tokenizer <the model's folder> takes it off)`;
}

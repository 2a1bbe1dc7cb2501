/** `mask-dpo pairs`: the best and the worst candidate of every question. */
import { required, writeJsonl } from "../base/jsonl";
import { readAnnotated } from "../factuality/annotatedFile";
import { buildPairs, type PairReport } from "../preference/pair";
import { questionsOf } from "../world/questionFile";

export interface PairsRequest {
  candidates: string;
  questions?: string;
  out: string;
  seed: number;
}

/** Best and worst candidate of every question; only questions that have candidates count. */
export function pairsVerb(request: PairsRequest): PairReport {
  const candidates = required(readAnnotated(request.candidates), request.candidates, "annotated candidate");
  const seen = new Set(candidates.map(({ questionId }) => questionId));
  const { pairs, report } = buildPairs(
    candidates,
    questionsOf(request.questions).filter(({ id }) => seen.has(id)),
    { seed: request.seed },
  );
  writeJsonl(request.out, pairs);
  return report;
}

/** Pairs as they are computed with. */
import type { TokenizedSide } from "../preference/collate";
import type { Pair } from "./objective/objective";
import type { SequenceSentences } from "./sentences";

/** `trainingPairs` adds what only some objectives look at. */
export type PairIds = Pair<SideIds>;

export interface SideIds extends Pick<TokenizedSide, "ids" | "weights" | "promptLength"> {
  /** 1 where a sentence is a hallucination */
  label?: 0 | 1;
  sentences?: SequenceSentences;
}

/** Reference log-probabilities: weighted sums, one per pair. */
export interface ReferenceLogps extends Pair<Float32Array> {
  /** by pair and sentence (`countedSentences`), where sides have labelled ones */
  sentences?: Pair<Float32Array[]>;
}

/** Of some pairs. */
export function referenceOf(
  { chosen, rejected, sentences }: ReferenceLogps,
  members: readonly number[],
): ReferenceLogps {
  const sums = (side: Float32Array) => Float32Array.from(members, (i) => side[i]!);
  const bySentence = (side: Float32Array[]) => members.map((i) => side[i]!);
  return {
    chosen: sums(chosen),
    rejected: sums(rejected),
    ...(sentences && {
      sentences: { chosen: bySentence(sentences.chosen), rejected: bySentence(sentences.rejected) },
    }),
  };
}

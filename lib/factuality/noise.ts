/** An annotator that errs: what best-of-N gives when the verifier is a learned one, not an oracle. */
import type { Rng } from "../base/rng";
import type { AnnotatedCandidate } from "./records";
import { isHallucination } from "./verdict";

/**
 * The score of an answer as an annotator sees it that misjudges every sentence with probability `error`: 1/2 sees
 * nothing. The same answer is always misjudged alike. 0 for an answer without sentences.
 * @param rng names the annotator; forked by question and answer
 */
export function noisyScore({ questionId, index, sentences }: AnnotatedCandidate, error: number, rng: Rng): number {
  const draw = rng.fork(questionId).fork(index);
  const right = sentences.filter(({ verdict }) => isHallucination(verdict) === draw.next() < error).length;
  return sentences.length === 0 ? 0 : right / sentences.length;
}

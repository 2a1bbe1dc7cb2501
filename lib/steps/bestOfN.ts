/** `mask-dpo best-of-n`: the score of the best of N answers (Table 6). */
import { Rng } from "../base/rng";
import { bestOfN, type BestOfNPoint, powersOfTwo } from "../evaluation/bestOfN";
import { answered } from "./evaluate";

/** Best-of-N for N = 1, 2, 4, … up to the fewest answers any question has. */
export function bestOfVerb(
  answersFile: string,
  questionsFile: string | undefined,
  seed: number,
  most = Infinity,
): BestOfNPoint[] {
  const { answers, questions } = answered(answersFile, questionsFile);
  const counts = new Map<string, number>();
  for (const { questionId } of answers) counts.set(questionId, (counts.get(questionId) ?? 0) + 1);
  return bestOfN(answers, questions, powersOfTwo(Math.min(most, ...counts.values())), new Rng(seed).fork("best of N"));
}

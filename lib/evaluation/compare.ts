/**
 * Whether policy A is more factual than policy B on the same questions: the paired difference A - B over topics,
 * with its BCa interval and the p-value of a paired permutation test (answers exchanged within topics).
 * Not in the paper, which compares single numbers.
 */
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import { type BootstrapOptions, type Columns, type Interval, type Statistic, bootstrap, pairedPermutationTest, ratio } from "../base/stats";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { addCounts, countSentences } from "../factuality/score";
import { answersByTopic, scoreOrZero } from "./summary";

/** A - B with its interval; `a` and `b` themselves; two-sided p. */
export interface Difference extends Interval {
  a: number;
  b: number;
  p: number;
}

export interface Comparison {
  topics: number;
  /** Difference of the pooled scores (`EvaluationSummary.score`). */
  score: Difference;
  /** Difference of the mean answer scores (`EvaluationSummary.macroScore`). */
  macroScore: Difference;
}

/** @throws UserError unless both policies gave equally many answers to every question */
export function comparePolicies(a: readonly AnnotatedCandidate[], b: readonly AnnotatedCandidate[], questions: readonly Question[], rng: Rng, options: BootstrapOptions = {}): Comparison {
  checkPaired(a, b, questions);
  const [unitsA, unitsB] = [topicUnits(a, questions), topicUnits(b, questions)];
  return {
    topics: unitsA.score[0]!.length,
    score: pairedDifference(unitsA.score, unitsB.score, rng.fork("score"), options),
    macroScore: pairedDifference(unitsA.macroScore, unitsB.macroScore, rng.fork("macroScore"), options),
  };
}

/** Difference of two ratios of sums over the same units. @param a, b two columns each: what is summed, and what it is divided by */
export function pairedDifference(a: Columns, b: Columns, rng: Rng, options: BootstrapOptions = {}): Difference {
  const difference: Statistic = (sums) => ratio(sums.subarray(0, 2)) - ratio(sums.subarray(2, 4));
  const total = (column: ArrayLike<number>): number => Array.from(column).reduce((sum, v) => sum + v, 0);
  const valueOf = (columns: Columns): number => ratio(Float64Array.from(columns, total));
  const { p } = pairedPermutationTest(a, b, ratio, rng.fork("permutation"), options);
  return { a: valueOf(a), b: valueOf(b), ...bootstrap([...a, ...b], difference, rng.fork("bootstrap"), options), p };
}

function topicUnits(answers: readonly AnnotatedCandidate[], questions: readonly Question[]): { score: Columns; macroScore: Columns } {
  const topics = [...answersByTopic(answers, questions).values()].map((group) => group.flatMap((entry) => entry.answers));
  const counts = topics.map((group) => addCounts(group.map(({ sentences }) => countSentences(sentences))));
  return {
    score: [counts.map(({ sentences, incorrect }) => sentences - incorrect), counts.map(({ sentences }) => sentences)],
    macroScore: [topics.map((group) => group.reduce((sum, answer) => sum + scoreOrZero(answer), 0)), topics.map((group) => group.length)],
  };
}

function checkPaired(a: readonly AnnotatedCandidate[], b: readonly AnnotatedCandidate[], questions: readonly Question[]): void {
  const count = (answers: readonly AnnotatedCandidate[], id: string): number => answers.reduce((n, answer) => n + (answer.questionId === id ? 1 : 0), 0);
  for (const { id } of questions) {
    const [fromA, fromB] = [count(a, id), count(b, id)];
    if (fromA !== fromB) throw new UserError({ where: `question ${brief(id)}`, expected: "as many answers from one policy as from the other", got: `${fromA} and ${fromB}`, fix: "Sample both policies alike." });
  }
}

/**
 * Whether policy A is more factual than policy B on the same questions: the paired difference A - B over topics,
 * with its BCa interval and the p-value of a paired permutation test (answers exchanged within topics).
 * Not in the paper, which compares single numbers.
 */
import { sum } from "../base/collections";
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import {
  type BootstrapOptions,
  type Columns,
  type Interval,
  type Statistic,
  bootstrap,
  pairedPermutationTest,
  ratio,
} from "../base/stats";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { type TopicTotals, topicTotals } from "./summary";

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
export function comparePolicies(
  a: readonly AnnotatedCandidate[],
  b: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  rng: Rng,
  options: BootstrapOptions = {},
): Comparison {
  checkPaired(a, b, questions);
  const [topicsA, topicsB] = [topicTotals(a, questions), topicTotals(b, questions)];
  return {
    topics: topicsA.length,
    score: pairedDifference(microColumns(topicsA), microColumns(topicsB), rng.fork("score"), options),
    macroScore: pairedDifference(macroColumns(topicsA), macroColumns(topicsB), rng.fork("macroScore"), options),
  };
}

/**
 * Difference of two ratios of sums over the same units.
 * @param a, b two columns each: what is summed, and what it is divided by
 */
export function pairedDifference(a: Columns, b: Columns, rng: Rng, options: BootstrapOptions = {}): Difference {
  const difference: Statistic = (sums) => ratio(sums.subarray(0, 2)) - ratio(sums.subarray(2, 4));
  const valueOf = (columns: Columns): number => ratio(Float64Array.from(columns, sum));
  const { p } = pairedPermutationTest(a, b, ratio, rng.fork("permutation"), options);
  return { a: valueOf(a), b: valueOf(b), ...bootstrap([...a, ...b], difference, rng.fork("bootstrap"), options), p };
}

function microColumns(topics: readonly TopicTotals[]): Columns {
  return [
    topics.map(({ counts }) => counts.sentences - counts.incorrect),
    topics.map(({ counts }) => counts.sentences),
  ];
}

function macroColumns(topics: readonly TopicTotals[]): Columns {
  return [topics.map(({ score }) => score), topics.map(({ answers }) => answers)];
}

function checkPaired(
  a: readonly AnnotatedCandidate[],
  b: readonly AnnotatedCandidate[],
  questions: readonly Question[],
): void {
  const [countsA, countsB] = [countByQuestion(a), countByQuestion(b)];
  for (const { id } of questions) {
    const [fromA, fromB] = [countsA.get(id) ?? 0, countsB.get(id) ?? 0];
    if (fromA !== fromB)
      throw new UserError({
        where: `question ${brief(id)}`,
        expected: "as many answers from one policy as from the other",
        got: `${fromA} and ${fromB}`,
        fix: "Sample both policies alike.",
      });
  }
}

function countByQuestion(answers: readonly AnnotatedCandidate[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { questionId } of answers) counts.set(questionId, (counts.get(questionId) ?? 0) + 1);
  return counts;
}

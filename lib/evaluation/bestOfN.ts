/**
 * Best-of-N (§4.3, Table 6): the score of the most factual of N answers, from n >= N answers per question.
 *
 * The paper draws N answers once; here every one of the C(n, N) subsets counts: the answer at place i (1..n, by
 * rising score) is the best of a random subset with probability C(i - 1, N - 1) / C(n, N), which makes the
 * estimate unbiased and as quiet as n answers allow. Equal scores share their places evenly.
 */
import { sum } from "../base/collections";
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import { type BootstrapOptions, type Columns, type Interval, bootstrap, ratio } from "../base/stats";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { type SentenceCounts, countSentences } from "../factuality/score";
import { type Difference, pairedDifference } from "./compare";
import { type QuestionAnswers, answersByTopic, scoreOrZero } from "./summary";

export interface BestOfNPoint {
  /** N. */
  n: number;
  /** Expected score of the best of N: mean over a topic's questions, then over topics. */
  macroScore: Interval;
  /** Expected non-hallucinated sentences of the best answers over expected sentences, pooled like the paper's score. */
  score: Interval;
  /** Expected counts of the best answer, mean over questions. */
  perAnswer: SentenceCounts;
}

/** What an answer is chosen by; default: its own score, a verifier without error. */
export type RankBy = (answer: AnnotatedCandidate) => number;

/**
 * One point per N.
 * @param ns the N wanted, each between 1 and the fewest answers any question has
 * @throws UserError when a question has too few answers, or none
 */
export function bestOfN(
  answers: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  ns: readonly number[],
  rng: Rng,
  options: BootstrapOptions & { rankBy?: RankBy } = {},
): BestOfNPoint[] {
  const topics = [...answersByTopic(answers, questions).values()];
  return ns.map((n) => {
    const units = topics.map((topic) => topicBest(topic, n, options.rankBy));
    const perAnswer: SentenceCounts = { sentences: 0, correct: 0, incorrect: 0, noFact: 0 };
    for (const { counts } of units) for (const key of countKeys) perAnswer[key] += counts[key] / questions.length;
    const stream = rng.fork(n);
    return {
      n,
      macroScore: bootstrap(macroColumns(units), ratio, stream.fork("macroScore"), options),
      score: bootstrap(
        [units.map(({ counts }) => counts.sentences - counts.incorrect), units.map(({ counts }) => counts.sentences)],
        ratio,
        stream.fork("score"),
        options,
      ),
      perAnswer,
    };
  });
}

/** Paired difference of `macroScore`, A - B, per N. @throws UserError as `bestOfN` */
export function compareBestOfN(
  a: readonly AnnotatedCandidate[],
  b: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  ns: readonly number[],
  rng: Rng,
  options: BootstrapOptions = {},
): (Difference & { n: number })[] {
  const [topicsA, topicsB] = [a, b].map((answers) => [...answersByTopic(answers, questions).values()]);
  return ns.map((n) => {
    const [unitsA, unitsB] = [topicsA!, topicsB!].map((topics) =>
      macroColumns(topics.map((topic) => topicBest(topic, n))),
    );
    return { n, ...pairedDifference(unitsA!, unitsB!, rng.fork(n), options) };
  });
}

/**
 * How the paired difference of `macroScore`, A - B, changes when N doubles: least squares on log2 N, topic by topic.
 * Below 0 the gap closes (Havrilla et al., 2024, saw that for reasoning; the paper's Corollary 2 says it does not).
 * @param ns at least two @throws UserError as `bestOfN`
 */
export function gapSlope(
  a: readonly AnnotatedCandidate[],
  b: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  ns: readonly number[],
  rng: Rng,
  options: BootstrapOptions = {},
): Difference {
  const weights = slopeWeights(ns);
  const slopes = (answers: readonly AnnotatedCandidate[]): Columns => {
    const values = [...answersByTopic(answers, questions).values()].map((topic) =>
      ns.reduce((sum, n, i) => sum + weights[i]! * topicBest(topic, n).score, 0),
    );
    return [values, values.map(() => 1)];
  };
  return pairedDifference(slopes(a), slopes(b), rng, options);
}

/** What values at each N are weighted with for their slope on log2 N, by least squares. */
export function slopeWeights(ns: readonly number[]): number[] {
  const x = ns.map((n) => Math.log2(n));
  const mean = sum(x) / x.length;
  const spread = x.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return x.map((v) => (v - mean) / spread);
}

/**
 * Share of B's remaining error that A is without, 1 - (1 - A) / (1 - B), per N: a gap between scores below 100 % must
 * shrink as they rise, this need not.
 */
export function errorReduction(
  a: readonly AnnotatedCandidate[],
  b: readonly AnnotatedCandidate[],
  questions: readonly Question[],
  ns: readonly number[],
  rng: Rng,
  options: BootstrapOptions = {},
): (Interval & { n: number })[] {
  const [topicsA, topicsB] = [a, b].map((answers) => [...answersByTopic(answers, questions).values()]);
  return ns.map((n) => {
    const [errorA, errorB] = [topicsA!, topicsB!].map((topics) => topics.map((topic) => 1 - topicBest(topic, n).score));
    return { n, ...bootstrap([errorA!, errorB!], (sums) => 1 - ratio(sums), rng.fork(n), options) };
  });
}

/**
 * Probability that the value at each place, by rising value, is the largest of N drawn from n without replacement.
 * @returns [n]
 */
export function bestOfNWeights(n: number, N: number): Float64Array {
  if (!Number.isInteger(N) || N < 1 || N > n)
    throw new RangeError(`bestOfNWeights: expected a whole N between 1 and ${n}, got ${N}`);
  const weights = new Float64Array(n);
  let weight = N / n;
  for (let place = n; place >= N; place--) {
    // C(i-2, N-1) / C(i-1, N-1) = (i - N) / (i - 1): no large binomials
    weights[place - 1] = weight;
    weight *= (place - N) / (place - 1);
  }
  return weights;
}

/** Unbiased estimate of E[max of N] from n >= N values. @throws RangeError when N is not between 1 and n */
export function expectedMax(values: ArrayLike<number>, N: number): number {
  const sorted = Float64Array.from(values).sort();
  return bestOfNWeights(sorted.length, N).reduce((sum, weight, i) => sum + weight * sorted[i]!, 0);
}

const countKeys = ["sentences", "correct", "incorrect", "noFact"] as const;

/** Of one topic: mean over its questions of the expected best score, and the expected counts summed over them. */
interface TopicBest {
  score: number;
  counts: SentenceCounts;
}

function topicBest(topic: readonly QuestionAnswers[], N: number, rankBy: RankBy = scoreOrZero): TopicBest {
  const best: TopicBest = { score: 0, counts: { sentences: 0, correct: 0, incorrect: 0, noFact: 0 } };
  for (const { question, answers } of topic) {
    if (answers.length < N)
      throw new UserError({
        where: `question ${brief(question.id)}`,
        expected: `at least ${N} answers for best-of-${N}`,
        got: String(answers.length),
        fix: "Sample more answers, or ask for a smaller N.",
      });
    const sorted = answers
      .map((answer) => ({ rank: rankBy(answer), score: scoreOrZero(answer), counts: countSentences(answer.sentences) }))
      .sort((a, b) => a.rank - b.rank);
    const weights = shareTies(
      bestOfNWeights(sorted.length, N),
      sorted.map(({ rank }) => rank),
    );
    sorted.forEach(({ score, counts }, i) => {
      best.score += (weights[i]! * score) / topic.length;
      for (const key of countKeys) best.counts[key] += weights[i]! * counts[key];
    });
  }
  return best;
}

/** Weights averaged over places with equal values. */
function shareTies(weights: Float64Array, sorted: readonly number[]): Float64Array {
  const shared = new Float64Array(weights.length);
  for (let from = 0, to = 1; from < sorted.length; from = to++) {
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    shared.fill(weights.subarray(from, to).reduce((sum, w) => sum + w, 0) / (to - from), from, to);
  }
  return shared;
}

function macroColumns(units: readonly TopicBest[]): Columns {
  return [units.map(({ score }) => score), units.map(() => 1)];
}

/** 1, 2, 4, … not above `most`. */
export function powersOfTwo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
}

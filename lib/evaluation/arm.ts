/**
 * Arms: rows of a table. An arm is one setting over several seeds, whose answers to the same questions are pooled; its
 * score has a BCa interval over topics, and two arms are compared topic by topic. How seeds differ stands beside it,
 * since an interval over topics does not see what another training run would give (DESIGN: the paper gives neither).
 */
import { runsOf, type Traced } from "../show/provenance";
import { sum } from "../base/collections";
import { percent } from "../base/percent";
import type { Rng } from "../base/rng";
import { bootstrap, ratio, type Columns, type Interval } from "../base/stats";
import { pairedDifference, type Difference } from "./compare";
import { poolTotals, type AnswerTotals, type Measure } from "./answerTotals";

export interface Arm extends Traced {
  label: string;
  /** one a seed, in the order of the seeds */
  seeds: readonly AnswerTotals[];
}

/**
 * score: sentences without hallucination (§3.1, ANAH-v2's in the paper). factScore: mean share of supported facts of an
 * answer (FActScore's).
 */
export const scores = { score: "sentence score", factScore: "fact score" } as const;
export type Score = keyof typeof scores;

/** A - B in percent points, over all seeds and of each. */
export interface ArmDifference extends Difference, Traced {
  /** that the interval is over */
  topics: number;
  perSeed: number[];
}

/** Score in percent with its interval over topics. */
export function scoreOf({ seeds }: Arm, score: Score, rng: Rng): Interval {
  return percent(bootstrap(columnsOf(poolTotals(seeds), score), ratio, rng));
}

/** Score of each seed, percent. */
export function seedScores({ seeds }: Arm, score: Score): number[] {
  return seeds.map((totals) => 100 * valueOf(totals, score));
}

/**
 * Paired over topics, and seeds in their order.
 * @throws RangeError unless both arms have as many seeds: exchanging unequal sums would not be a fair test
 */
export function armDifference(a: Arm, b: Arm, score: Score, rng: Rng): ArmDifference {
  const [seedsA, seedsB] = [a.seeds.length, b.seeds.length];
  if (seedsA !== seedsB)
    throw new RangeError(
      `armDifference: expected as many seeds of "${a.label}" as of "${b.label}", got ${seedsA} and ${seedsB}`,
    );
  const [pooledA, pooledB] = [poolTotals(a.seeds), poolTotals(b.seeds)];
  const difference = pairedDifference(columnsOf(pooledA, score), columnsOf(pooledB, score), rng);
  const against = seedScores(b, score);
  return {
    ...percent(difference),
    a: 100 * difference.a,
    b: 100 * difference.b,
    p: difference.p,
    topics: pooledA.topics.length,
    runs: runsOf(a, b),
    perSeed: seedScores(a, score).map((value, i) => value - against[i]!),
  };
}

/** Two arms whose difference is of interest. */
export interface ArmPair {
  higher: Arm;
  lower: Arm;
}

/**
 * One difference minus another in percent points, over topics that all four have in one order.
 * @throws RangeError for other topics
 */
export function armContrast(one: ArmPair, other: ArmPair, score: Score, rng: Rng): Interval {
  const pooled = [one.higher, one.lower, other.higher, other.lower].map(({ seeds }) => poolTotals(seeds));
  const topics = pooled.map((totals) => totals.topics.join());
  if (new Set(topics).size > 1)
    throw new RangeError("armContrast: expected the same topics of all four arms, got others");
  const of = (sums: Float64Array, i: number): number => ratio(sums.subarray(2 * i, 2 * i + 2));
  return percent(
    bootstrap(
      pooled.flatMap((totals) => columnsOf(totals, score)),
      (sums) => of(sums, 0) - of(sums, 1) - (of(sums, 2) - of(sums, 3)),
      rng,
    ),
  );
}

/** Answers of all seeds. */
export function answersOf({ seeds }: Arm): number {
  return sum(poolTotals(seeds).sums.answers);
}

/** Mean of a measure over all answers. */
export function perAnswer({ seeds }: Arm, measure: Measure): number {
  const { sums } = poolTotals(seeds);
  return sum(sums[measure]) / sum(sums.answers);
}

/** Score of every topic, as a fraction; topics without a sentence are left out. */
export function topicScores({ seeds }: Arm): Map<string, number> {
  const { topics, sums } = poolTotals(seeds);
  return new Map(
    topics.flatMap((topic, i) =>
      sums.sentences[i]! > 0 ? [[topic, 1 - sums.incorrect[i]! / sums.sentences[i]!] as const] : [],
    ),
  );
}

/** Difference in score of every topic that both have one of, a - b, as a fraction. */
export function topicDifferences(a: Arm, b: Arm): Map<string, number> {
  const other = topicScores(b);
  return new Map(
    [...topicScores(a)].flatMap(([topic, score]) =>
      other.has(topic) ? [[topic, score - other.get(topic)!] as const] : [],
    ),
  );
}

function columnsOf({ sums }: AnswerTotals, score: Score): Columns {
  return score === "score"
    ? [sums.sentences.map((n, i) => n - sums.incorrect[i]!), sums.sentences]
    : [sums.factShare, sums.factAnswers];
}

function valueOf(totals: AnswerTotals, score: Score): number {
  return ratio(Float64Array.from(columnsOf(totals, score), sum));
}

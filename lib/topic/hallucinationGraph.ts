/**
 * The topic graph tested on the hallucinations themselves: Eq. 8 says that the probability of h(x, v -> u), an answer
 * about v slipping into what is true of u, goes with the closeness of v and u. The paper argues this and shows it only
 * through what alignment does (Table 5); with an annotator that knows of which topics a wrong sentence is true it can
 * be counted.
 *
 * For a topic v and a relation, the candidates are the values wrong for v, each as far from v as the nearest topic (not
 * v) that has it. Two statistics: the relative rank of the values that are stated, 0 for the nearest, 1 for the
 * farthest,
 * 0.5 by chance; and Spearman's correlation, over the candidates, of how often each is stated with its distance.
 *
 * A value of many topics is near to everything and often stated, whatever the embedding. So p-values do not compare
 * with 0.5 but with the same statements at other topics' places in the embedding: topics, each with all it states, are
 * permuted, where all of it would be wrong as well.
 * T topics with a wrong statement, C values of a relation.
 */
import { matchingTest, type MatchingTest } from "../base/matching";
import { midranks } from "../base/ranks";
import type { Rng } from "../base/rng";
import { bootstrap, ratio, type Interval } from "../base/stats";
import type { Atlas } from "../world/atlas";
import { indexTopics } from "../world/oracle";
import { truths, type RelationName } from "../world/relation";
import { distances } from "./distance";
import type { TopicVectors } from "./embedding";
import type { WrongStatements } from "./wrongStatements";

/** What topic i states, at the place of topic j; i = j is what was found. */
export interface Placement {
  /** Sum of the relative ranks of its statements; NaN where one of them is true. */
  rank: (i: number, j: number) => number;
  /** Spearman's correlation of frequency and distance; 0 where a side is constant. */
  correlation: (i: number, j: number) => number;
  /** Statements [T] of each topic; 0 where it cannot be wrong in two ways. */
  statements: Float64Array;
}

export interface HallucinationGraph {
  /** Topics with a wrong statement. */
  topics: string[];
  /** Relations with at least one statement that has a rank. */
  relations: Map<RelationName, Placement>;
}

/**
 * A test of one relation, or of all ("all"): one permutation of topics for every relation, so that answers stay whole.
 */
export interface GraphTest {
  relation: RelationName | "all";
  statements: number;
  topics: number;
  /** Mean relative rank with its interval over topics. */
  rank: Interval & Pick<MatchingTest, "expected" | "p">;
  /** Mean correlation over topics and relations: below 0 where near values are stated more often. */
  correlation: MatchingTest;
}

/** @throws UserError where a topic of Atlas has no vector */
export function hallucinationGraph(atlas: Atlas, vectors: TopicVectors, wrong: WrongStatements): HallucinationGraph {
  const topics = [...new Set([...wrong.counts.values()].flatMap((byTopic) => [...byTopic.keys()]))];
  const places = new Map(atlas.topics.map(({ id }, i) => [id, i]));
  const away = distances(vectors, topics, [...places.keys()]); // [T][all topics]
  const relations = new Map<RelationName, Placement>();
  for (const [relation, byTopic] of wrong.counts) {
    const holders = [...indexTopics(atlas, relation)].map(([value, ids]) => ({
      value,
      at: ids.map((id) => places.get(id)!),
    }));
    const nearest = topics.map((topic, i) =>
      valueDistances(holders, away[i]!, places.get(topic)!, truths(relation, atlas.topic(topic)) ?? []),
    );
    const counts = topics.map((topic) =>
      Float64Array.from(holders, ({ value }) => byTopic.get(topic)?.get(value) ?? 0),
    );
    const placement = place(nearest, counts);
    if (placement.statements.some((count) => count > 0)) relations.set(relation, placement);
  }
  return { topics, relations };
}

/** Distance [C] from a topic to the nearest other topic with each value; NaN for values that are true of it. */
function valueDistances(
  holders: readonly { value: string; at: readonly number[] }[],
  away: Float64Array,
  self: number,
  known: readonly string[],
): Float64Array {
  return Float64Array.from(holders, ({ value, at }) =>
    known.includes(value) ? NaN : at.reduce((least, i) => (i === self ? least : Math.min(least, away[i]!)), Infinity),
  );
}

/** @param nearest, counts [T][C] */
function place(nearest: readonly Float64Array[], counts: readonly Float64Array[]): Placement {
  const places = nearest.map((row) => {
    const candidates = indices(row, (distance) => !Number.isNaN(distance));
    const ranks = new Float64Array(row.length).fill(NaN); // from 0
    midranks(candidates.map((c) => row[c]!)).forEach((rank, k) => (ranks[candidates[k]!] = rank));
    return { ranks, n: candidates.length, squares: candidates.reduce((sum, c) => sum + ranks[c]! ** 2, 0) };
  });
  const stated = counts.map((row, i) => {
    const values = places[i]!.n < 2 ? [] : indices(row, (count) => count > 0);
    return { values, counts: values.map((c) => row[c]!), ranks: midranks(values.map((c) => row[c]!)) };
  });
  return {
    rank(i, j) {
      const { values, counts: often } = stated[i]!;
      const { ranks, n } = places[j]!;
      return values.reduce((sum, c, k) => sum + (n < 2 ? NaN : (often[k]! * ranks[c]!) / (n - 1)), 0);
    },
    correlation: (i, j) => correlation(stated[i]!, places[j]!),
    statements: Float64Array.from(stated, ({ counts: often }) => often.reduce((sum, count) => sum + count, 0)),
  };
}

/**
 * Spearman's over the n candidates of a place, all but the stated of which are tied at frequency 0: so only the stated
 * are looked at.
 */
function correlation(
  { values, ranks: often }: { values: number[]; ranks: Float64Array },
  { ranks: near, n, squares }: { ranks: Float64Array; n: number; squares: number },
): number {
  const tied = n - values.length;
  const middle = (n - 1) / 2;
  const low = (tied - 1) / 2; // low: the rank of frequency 0
  let both = n * middle * low;
  let own = tied * low * low;
  values.forEach((c, k) => {
    const rank = tied + often[k]!;
    both += (rank - low) * near[c]!;
    own += rank * rank;
  });
  const variance = (own - n * middle * middle) * (squares - n * middle * middle);
  return variance > 1e-9 ? (both - n * middle * middle) / Math.sqrt(variance) : 0;
}

function indices(row: Float64Array, holds: (value: number) => boolean): number[] {
  return [...row.keys()].filter((c) => holds(row[c]!));
}

/** Mean relative rank over all statements of all relations, with its interval over topics; NaN without any. */
export function meanRank(graph: HallucinationGraph, rng: Rng): Interval {
  const columns = rankColumns(graph);
  return columns[0].length === 0 ? { value: NaN, low: NaN, high: NaN } : bootstrap(columns, ratio, rng);
}

/**
 * Per topic with a ranked statement: the sum of the relative ranks of its statements, and their number. The same topics
 * for every embedding.
 */
export function rankColumns(graph: HallucinationGraph): [number[], number[]] {
  const own = ownTopics(graph);
  return [
    own.map((i) => total(graph, ({ rank }) => rank(i, i))),
    own.map((i) => total(graph, ({ statements }) => statements[i]!)),
  ];
}

/** All relations together, then each, by falling number of statements; none without a wrong statement. */
export function testGraph(graph: HallucinationGraph, rng: Rng): GraphTest[] {
  const { topics, relations } = graph;
  if (relations.size === 0) return [];
  const tests = [...relations].map(([relation, placement]) =>
    testRelations(relation, { topics, relations: new Map([[relation, placement]]) }, rng.fork(relation)),
  );
  return [testRelations("all", graph, rng.fork("all")), ...tests.sort((a, b) => b.statements - a.statements)];
}

function testRelations(relation: RelationName | "all", graph: HallucinationGraph, rng: Rng): GraphTest {
  const own = ownTopics(graph);
  const matrix = (of: (placement: Placement, i: number, j: number) => number) =>
    own.map((i) =>
      Float64Array.from(own, (j) =>
        total(graph, (placement) => (placement.statements[i]! > 0 ? of(placement, i, j) : 0)),
      ),
    );
  const ranks = matrix(({ rank }, i, j) => rank(i, j));
  const correlations = matrix((placement, i, j) => placement.correlation(i, j));
  const count = (of: (statements: number) => number) =>
    own.reduce((sum, i) => sum + total(graph, ({ statements }) => of(statements[i]!)), 0);
  const statements = count((n) => n);
  const lists = count((n) => Number(n > 0)); // a list: what one topic states of one relation
  const [rank, spearman] = matchingTest(
    [ranks, correlations],
    (i, j) => !Number.isNaN(ranks[i]![j]!),
    rng.fork("permutations"),
  ) as [MatchingTest, MatchingTest];
  const per = (units: number, { value, expected, p }: MatchingTest): MatchingTest => ({
    value: (value * own.length) / units,
    expected: (expected * own.length) / units,
    p,
  });
  return {
    relation,
    topics: own.length,
    statements,
    rank: { ...per(statements, rank), ...meanRank(graph, rng.fork("interval")) },
    correlation: per(lists, spearman),
  };
}

function total({ relations }: HallucinationGraph, of: (placement: Placement) => number): number {
  return [...relations.values()].reduce((sum, placement) => sum + of(placement), 0);
}

function ownTopics(graph: HallucinationGraph): number[] {
  return [...graph.topics.keys()].filter((i) => total(graph, ({ statements }) => statements[i]!) > 0);
}

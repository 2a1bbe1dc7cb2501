/** Which kinds of facts a policy gets right: accuracy by relation, with intervals over topics. */
import { sum } from "../base/collections";
import { bootstrap, ratio, type Interval, type Statistic } from "../base/stats";
import type { Rng } from "../base/rng";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import type { Atlas } from "../world/atlas";
import { oracleAnnotator } from "../world/oracle";
import type { RelationName } from "../world/relation";

export interface RelationAccuracy {
  relation: RelationName;
  statements: number;
  accuracy: Interval;
}

/**
 * Where a gain in right statements comes from, in shares (Kitagawa's decomposition): `choice` from stating easier
 * relations more often, `accuracy` from being right more often within a relation. They add up to the whole gain.
 */
export function decomposeGain(
  before: readonly RelationAccuracy[],
  after: readonly RelationAccuracy[],
): { choice: number; accuracy: number } {
  const total = (rows: readonly RelationAccuracy[]) => rows.reduce((sum, { statements }) => sum + statements, 0);
  const names = [...new Set([...before, ...after].map(({ relation }) => relation))];
  const gain = { choice: 0, accuracy: 0 };
  for (const name of names) {
    const [b, a] = [before, after].map((rows) => {
      const row = rows.find(({ relation }) => relation === name);
      return { share: (row?.statements ?? 0) / total(rows), accuracy: row?.accuracy.value };
    }) as [{ share: number; accuracy?: number }, { share: number; accuracy?: number }];
    // a relation of one side only has that side's accuracy on both
    const [right, now] = [b.accuracy ?? a.accuracy!, a.accuracy ?? b.accuracy!];
    gain.choice += (a.share - b.share) * ((right + now) / 2);
    gain.accuracy += (now - right) * ((a.share + b.share) / 2);
  }
  return gain;
}

/** Every relation that is stated, by falling accuracy. */
export function relationAccuracy(
  atlas: Atlas,
  questions: readonly Question[],
  answers: readonly AnnotatedCandidate[],
  rng: Rng,
): RelationAccuracy[] {
  return [...countRelations(atlas, questions, answers)]
    .map(([relation, topics]) => {
      const columns = columnsOf([...topics.values()]);
      return { relation, statements: sum(columns[1]), accuracy: bootstrap(columns, ratio, rng.fork(relation)) };
    })
    .sort((a, b) => b.accuracy.value - a.accuracy.value);
}

/** Accuracy after minus before of every relation that both state, paired over topics that either states it of. */
export function relationDifferences(
  atlas: Atlas,
  questions: readonly Question[],
  before: readonly AnnotatedCandidate[],
  after: readonly AnnotatedCandidate[],
  rng: Rng,
): Map<RelationName, Interval> {
  const [was, is] = [before, after].map((answers) => countRelations(atlas, questions, answers)) as [Counts, Counts];
  const difference: Statistic = (sums) => ratio(sums.subarray(0, 2)) - ratio(sums.subarray(2, 4));
  const both = [...is].flatMap(([relation, now]) => {
    const then = was.get(relation);
    if (!then) return [];
    const topics = [...new Set([...now.keys(), ...then.keys()])];
    const columns = (counts: Topics) => columnsOf(topics.map((topic) => counts.get(topic) ?? [0, 0]));
    const interval = bootstrap([...columns(now), ...columns(then)], difference, rng.fork(relation));
    return [[relation, interval] as const];
  });
  return new Map(both);
}

/** Right and all statements of topics. */
type Topics = Map<string, readonly [right: number, all: number]>;
type Counts = Map<RelationName, Topics>;

function columnsOf(counts: readonly (readonly [number, number])[]): [number[], number[]] {
  return [counts.map(([right]) => right), counts.map(([, all]) => all)];
}

function countRelations(atlas: Atlas, questions: readonly Question[], answers: readonly AnnotatedCandidate[]): Counts {
  const oracle = oracleAnnotator(atlas);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const counts: Counts = new Map();
  for (const { questionId, completion } of answers) {
    const question = byId.get(questionId)!;
    for (const { relation, verdict } of oracle.annotate(question, completion)) {
      if (!relation) continue;
      const topics: Topics = counts.get(relation) ?? new Map<string, readonly [number, number]>();
      counts.set(relation, topics);
      const [right, all] = topics.get(question.topic) ?? [0, 0];
      topics.set(question.topic, [right + (verdict === "supported" ? 1 : 0), all + 1]);
    }
  }
  return counts;
}

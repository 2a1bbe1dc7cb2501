/** Which kinds of facts a policy gets right: accuracy by relation, with intervals over topics. */
import { bootstrap, ratio, type Interval } from "../base/stats";
import type { Rng } from "../base/rng";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import type { Atlas } from "../world/atlas";
import { oracleAnnotator } from "../world/oracle";

export interface RelationAccuracy {
  relation: string;
  statements: number;
  accuracy: Interval;
}

/** Relations with at least `atLeast` statements, by falling accuracy. */
export function relationAccuracy(atlas: Atlas, questions: readonly Question[], answers: readonly AnnotatedCandidate[], rng: Rng, atLeast = 10): RelationAccuracy[] {
  const oracle = oracleAnnotator(atlas);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const counts = new Map<string, Map<string, [right: number, all: number]>>(); // relation -> topic -> counts
  for (const { questionId, completion } of answers) {
    const question = byId.get(questionId)!;
    for (const { relation, verdict } of oracle.annotate(question, completion)) {
      if (!relation) continue;
      const topics = counts.get(relation) ?? new Map<string, [number, number]>();
      counts.set(relation, topics);
      const [right, all] = topics.get(question.topic) ?? [0, 0];
      topics.set(question.topic, [right + (verdict === "supported" ? 1 : 0), all + 1]);
    }
  }
  return [...counts].map(([relation, topics]) => {
    const columns = [[...topics.values()].map(([right]) => right), [...topics.values()].map(([, all]) => all)] as const;
    return { relation, statements: columns[1].reduce((a, b) => a + b, 0), accuracy: bootstrap(columns, ratio, rng.fork(relation)) };
  }).filter(({ statements }) => statements >= atLeast).sort((a, b) => b.accuracy.value - a.accuracy.value);
}

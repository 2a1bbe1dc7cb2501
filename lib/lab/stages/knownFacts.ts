/** What a policy knows: a fact is known where most of what it says of it is right (its own K candidates a question). */
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import type { Atlas } from "../../world/atlas";
import { oracleAnnotator } from "../../world/oracle";
import type { RelationName } from "../../world/relation";

/** By topic and relation: right and all statements. Facts that were never stated have no entry. */
export type KnownFacts = ReadonlyMap<string, { right: number; all: number }>;

const key = (topic: string, relation: RelationName): string => `${topic} ${relation}`;

/** @param candidates answers of the policy to these questions */
export function knownFacts(
  atlas: Atlas,
  questions: readonly Question[],
  candidates: readonly AnnotatedCandidate[],
): KnownFacts {
  const oracle = oracleAnnotator(atlas);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const counts = new Map<string, { right: number; all: number }>();
  for (const { questionId, completion } of candidates) {
    const question = byId.get(questionId)!;
    for (const { relation, verdict } of oracle.annotate(question, completion)) {
      if (!relation || verdict === "unverifiable") continue;
      const name = key(question.topic, relation);
      const { right, all } = counts.get(name) ?? { right: 0, all: 0 };
      counts.set(name, { right: right + (verdict === "supported" ? 1 : 0), all: all + 1 });
    }
  }
  return counts;
}

/** Whether a fact is known; undefined where the policy said nothing of it. */
export function isKnown(facts: KnownFacts, topic: string, relation: RelationName): boolean | undefined {
  const counts = facts.get(key(topic, relation));
  return counts && 2 * counts.right >= counts.all;
}

/** Hallucinations as Eq. 7 sees them: in an answer about topic v a sentence that is true of other topics u. */
import { UserError, brief } from "../base/check";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import type { Atlas } from "../world/atlas";
import { oracleAnnotator } from "../world/oracle";
import type { RelationName } from "../world/relation";

export interface WrongStatements {
  /** relation -> topic v -> stated value -> how often */
  counts: Map<RelationName, Map<string, Map<string, number>>>;
  /** Contradictory statements counted above, and those left out because their value is true of no topic. */
  attributed: number;
  unattributed: number;
}

/**
 * Contradictory sentences of annotated answers, by what they state; a sentence is left out when it belongs to no other
 * topic.
 * @throws UserError for an answer without its question
 */
export function wrongStatements(
  atlas: Atlas,
  questions: readonly Question[],
  answers: readonly AnnotatedCandidate[],
): WrongStatements {
  const oracle = oracleAnnotator(atlas);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const found: WrongStatements = { counts: new Map(), attributed: 0, unattributed: 0 };
  for (const { questionId, completion } of answers) {
    const question = byId.get(questionId);
    if (!question)
      throw new UserError({
        where: "answers",
        expected: `answers to the ${questions.length} questions given`,
        got: `one to ${brief(questionId)}`,
        fix: "Give the questions that were answered.",
      });
    for (const { verdict, relation, statedValue, wrongTopics } of oracle.annotate(question, completion)) {
      if (verdict !== "contradictory") continue;
      if (wrongTopics!.length === 0) found.unattributed++;
      else {
        found.attributed++;
        const values = inner(inner(found.counts, relation!), question.topic);
        values.set(statedValue!, (values.get(statedValue!) ?? 0) + 1);
      }
    }
  }
  return found;
}

/** The map under a key, made where absent. */
function inner<K, L, V>(map: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let found = map.get(key);
  if (!found) map.set(key, (found = new Map<L, V>()));
  return found;
}

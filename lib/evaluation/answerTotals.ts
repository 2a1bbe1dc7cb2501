/**
 * What a policy's answers come to, per topic: the sums that every score, interval and test is made of. Both evaluators
 * stand side by side, with what would show reward hacking (length, sentences without a fact, relations, repetitions).
 */
import { z } from "zod";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { countSentences, factualityScore } from "../factuality/score";
import { agendaOf, keepsToAgenda } from "../world/agenda";
import type { Atlas } from "../world/atlas";
import { factChecker } from "../world/factCheck";
import { readings } from "../world/relation";

/**
 * answers; sentences = correct + incorrect + noFact (oracle, §3.1), score: sum of the answers' scores; facts (each once
 * an answer), supported ones, factAnswers: answers with a fact, factShare: sum of their shares of supported facts
 * (FActScore); characters; relations: distinct ones an answer; repeated: sentences stated before in the same answer.
 */
export const measures = [
  "answers",
  "sentences",
  "correct",
  "incorrect",
  "noFact",
  "score",
  "facts",
  "supported",
  "factAnswers",
  "factShare",
  "characters",
  "relations",
  "repeated",
] as const;
export type Measure = (typeof measures)[number];

const column = z.array(z.number());
export const answerTotalsSchema = z
  .object({
    topics: z.array(z.string()),
    sums: z
      .object(Object.fromEntries(measures.map((name) => [name, column])) as Record<Measure, typeof column>)
      .strict(),
  })
  .strict();
/** Columns [topics] of sums over the answers to a topic's questions. */
export type AnswerTotals = z.infer<typeof answerTotalsSchema>;

/**
 * An answer that does not keep to what its question says to state counts as wrong in all that was asked for: nothing is
 * won by leaving it out.
 * @param answers of these questions; topics in the order of the questions
 */
export function answerTotals(
  atlas: Atlas,
  questions: readonly Question[],
  answers: readonly AnnotatedCandidate[],
): AnswerTotals {
  const check = factChecker(atlas);
  const byId = new Map(questions.map((question) => [question.id, question]));
  const topics = [...new Set(questions.map(({ topic }) => topic))];
  const at = new Map(topics.map((topic, i) => [topic, i]));
  const sums = Object.fromEntries(measures.map((name) => [name, new Array<number>(topics.length).fill(0)])) as Record<
    Measure,
    number[]
  >;
  for (const { questionId, completion, sentences } of answers) {
    const question = byId.get(questionId)!;
    const i = at.get(question.topic)!;
    const facts = check(question, completion).flatMap((sentence) => sentence.facts);
    const supported = facts.filter((fact) => fact.supported).length;
    const texts = sentences.map(({ start, end }) => completion.slice(start, end));
    const add: Record<Measure, number> = {
      answers: 1,
      ...countSentences(sentences),
      score: factualityScore(sentences) ?? 0,
      facts: facts.length,
      supported,
      factAnswers: facts.length > 0 ? 1 : 0,
      factShare: facts.length > 0 ? supported / facts.length : 0,
      ...(keepsToAgenda(question, completion) ? {} : refused(agendaOf(question)!.length)),
      characters: completion.length,
      relations: new Set(texts.flatMap((text) => readings(text)[0]?.relation ?? [])).size,
      repeated: texts.length - new Set(texts).size,
    };
    for (const name of measures) sums[name][i]! += add[name];
  }
  return { topics, sums };
}

function refused(asked: number): Partial<Record<Measure, number>> {
  const counts = { sentences: asked, correct: 0, incorrect: asked, noFact: 0 };
  return { ...counts, score: 0, facts: asked, supported: 0, factAnswers: 1, factShare: 0 };
}

/** Sums over several sets of answers to the same topics (seeds). @throws RangeError for other topics, or no set */
export function poolTotals(sets: readonly AnswerTotals[]): AnswerTotals {
  const [first] = sets;
  if (!first || sets.some(({ topics }) => topics.join() !== first.topics.join())) {
    const got = sets.map(({ topics }) => topics.length).join(", ") || "none";
    throw new RangeError(`poolTotals: expected sets of the same topics, got ${got}`);
  }
  return {
    topics: first.topics,
    sums: Object.fromEntries(
      measures.map((name) => [
        name,
        first.topics.map((_, i) => sets.reduce((sum, set) => sum + set.sums[name][i]!, 0)),
      ]),
    ) as Record<Measure, number[]>,
  };
}

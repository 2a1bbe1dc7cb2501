/**
 * What answers in free text come to, per topic: the sums of `AnswerTotals`, where facts are the statements the
 * gazetteer found, and beside them what shows how a score was reached.
 */
import { z } from "zod";
import { answerTotalsSchema, measures, type Measure } from "../../evaluation/answerTotals";
import type { AnnotatedCandidate, Question } from "../../factuality/records";
import { countSentences, factualityScore } from "../../factuality/score";
import type { ProseStudy } from "./study";

/**
 * checked: statements found right or wrong; unverifiable: sentences; cut: answers ended by the token limit; different:
 * sentences of an answer, each text once; differentWrong: of these.
 */
export const proseMeasures = ["checked", "unverifiable", "cut", "different", "differentWrong"] as const;
export type ProseMeasure = (typeof proseMeasures)[number];

const column = z.array(z.number());
export const proseTotalsSchema = z
  .object({
    answers: answerTotalsSchema,
    /** [topics] */
    prose: z
      .object(Object.fromEntries(proseMeasures.map((name) => [name, column])) as Record<ProseMeasure, typeof column>)
      .strict(),
  })
  .strict();
export type ProseTotals = z.infer<typeof proseTotalsSchema>;

/** @param answers of these questions; topics in the order of the questions */
export function proseTotals(
  { read }: Pick<ProseStudy, "read">,
  questions: readonly Question[],
  answers: readonly AnnotatedCandidate[],
): ProseTotals {
  const topics = questions.map(({ topic }) => topic);
  const at = new Map(questions.map(({ id }, i) => [id, i]));
  const byId = new Map(questions.map((question) => [question.id, question]));
  const zeros = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, topics.map(() => 0)])) as Record<Name, number[]>;
  const [sums, prose] = [zeros(measures), zeros(proseMeasures)];
  for (const { questionId, completion, sentences, finished } of answers) {
    const i = at.get(questionId)!;
    const found = read(byId.get(questionId)!, completion);
    const count = (of: "right" | "wrong" | "unknown") => found.reduce((sum, { claims }) => sum + claims[of], 0);
    const [right, checked] = [count("right"), count("right") + count("wrong")];
    const facts = checked + count("unknown");
    const different = [...new Map(sentences.map((one) => [completion.slice(one.start, one.end), one])).values()];
    const once = countSentences(different);
    const add: Record<Measure, number> = {
      answers: 1,
      ...countSentences(sentences),
      score: factualityScore(sentences) ?? 0,
      facts,
      supported: right,
      factAnswers: facts > 0 ? 1 : 0,
      factShare: facts > 0 ? right / facts : 0,
      characters: completion.length,
      relations: new Set(found.flatMap(({ kinds }) => kinds)).size,
      repeated: sentences.length - once.sentences,
    };
    for (const name of measures) sums[name][i]! += add[name];
    prose.checked[i]! += checked;
    prose.unverifiable[i]! += sentences.filter(({ verdict }) => verdict === "unverifiable").length;
    prose.cut[i]! += finished === false ? 1 : 0;
    prose.different[i]! += once.sentences;
    prose.differentWrong[i]! += once.incorrect;
  }
  return { answers: { topics, sums }, prose };
}

/**
 * The reference document of a question, as Table 3's "Llama+Doc" puts one before the answer: some true facts of the
 * question's own pool. A base that never saw a document goes on from facts already stated as from its own words, so
 * they stand where an answer begins; what it adds is more often right, and shorter.
 */
import type { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Atlas } from "./atlas";
import { kindOf, KINDS, type QuestionKind } from "./question";
import { truths, type Topic } from "./relation";
import { renderFact } from "./render";

/**
 * Facts of a document: at most half an answer, so that prompt, document and answer fit the positions of Atlas's bases.
 */
const documentFacts = 4;

/** True facts of a topic, of those that answers of a kind choose from. @param rng chooses facts and wordings */
export function documentText(topic: Topic, kind: QuestionKind, rng: Rng): string {
  const known = KINDS[kind].relations.filter((name) => (truths(name, topic) ?? []).length > 0);
  return rng
    .shuffle(known)
    .slice(0, documentFacts)
    .map((name) => renderFact(name, rng.pick(truths(name, topic)!), rng))
    .join(" ");
}

/** The question with its document. @param rng as of `documentText` */
export function withDocument(atlas: Atlas, question: Question, rng: Rng): Question {
  const content = documentText(atlas.topic(question.topic), kindOf(question), rng);
  return { ...question, prompt: [...question.prompt, { role: "assistant", content }] };
}

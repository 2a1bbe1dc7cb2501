/**
 * The reference document of a question, as Table 3's "Llama+Doc" puts one before the answer: some true facts of the
 * question's own pool. A base that never saw a document goes on from facts already stated as from its own words, so
 * they stand where an answer begins; what it adds is more often right, and shorter.
 */
import type { Rng } from "../base/rng";
import type { Question } from "../factuality/records";
import type { Atlas } from "./atlas";
import { kindOf, KINDS } from "./question";
import { truths } from "./relation";
import { renderFact } from "./render";

/**
 * Facts of a document: at most half an answer, so that prompt, document and answer fit the positions of Atlas's bases.
 */
const documentFacts = 4;

/** The question with its document. @param rng chooses facts and wordings */
export function withDocument(atlas: Atlas, question: Question, rng: Rng): Question {
  const topic = atlas.topic(question.topic);
  const known = KINDS[kindOf(question)].relations.filter((name) => (truths(name, topic) ?? []).length > 0);
  const content = rng
    .shuffle(known)
    .slice(0, documentFacts)
    .map((name) => renderFact(name, rng.pick(truths(name, topic)!), rng))
    .join(" ");
  return { ...question, prompt: [...question.prompt, { role: "assistant", content }] };
}

/**
 * ANAH-v2's protocol (Gu et al. 2024; github.com/open-compass/ANAH, eval/anah_v2/eval.py): one chat of three turns for
 * each sentence. 1. Does it state facts? 2. What does the reference document say about it? 3. Does it agree with that?
 *
 * deviates from official: turn 1 must say one of its two labels (there, whatever is not exactly "<No Facts>" counts as
 * facts), turn 3 exactly one of its three (there, the first that is found counts).
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { sha256File } from "../../base/hash";
import { readNumberedJsonl } from "../../base/jsonl";
import type { Message } from "../../text/message";
import type { Question, Verdict } from "../records";
import {
  anahLanguages,
  factCheckPrompt,
  hallucinationCheckPrompt,
  referenceCheckPrompt,
  type AnahLanguage,
} from "./anahPrompts";
import type { ServedAnnotator } from "./entry";
import { type Judge, labelIn } from "./judge";
import { type Judgement, llmAnnotator, type LlmAnnotator, questionText, unparsed } from "./llmAnnotator";

export interface ReferenceDocument {
  document: string;
  language: AnahLanguage;
}

const documentSchema = z
  .object({
    questionId: z.string().min(1).optional(),
    topic: z.string().min(1).optional(),
    document: z.string().min(1),
    language: z.enum(anahLanguages).default("en"),
  })
  .strict()
  .refine(
    ({ questionId, topic }) => (questionId === undefined) !== (topic === undefined),
    "expected questionId or topic",
  );

/**
 * The document of every question, from rows {questionId or topic, document, language?}; one for the question itself
 * wins. Topics are compared in NFC: files made on a Mac have others.
 * @throws UserError for a name that comes twice, or a question without a document
 */
export function readDocuments(file: string, questions: readonly Question[]): Map<string, ReferenceDocument> {
  const byName = { questionId: new Map<string, ReferenceDocument>(), topic: new Map<string, ReferenceDocument>() };
  for (const {
    row: { questionId, topic, ...document },
    line,
  } of readNumberedJsonl(file, documentSchema)) {
    const [kind, name] =
      questionId !== undefined ? (["questionId", questionId] as const) : (["topic", topic!.normalize()] as const);
    if (byName[kind].has(name))
      throw new UserError({
        where: `${file}:${line}`,
        expected: `one document for each ${kind}`,
        got: `a second one for ${brief(name)}`,
        fix: "Remove one of them.",
      });
    byName[kind].set(name, document);
  }
  const found = new Map(
    questions.flatMap(({ id, topic }) => {
      const document = byName.questionId.get(id) ?? byName.topic.get(topic.normalize());
      return document ? [[id, document] as const] : [];
    }),
  );
  const without = questions.filter(({ id }) => !found.has(id));
  if (without.length > 0)
    throw new UserError({
      where: file,
      expected: "a document for every question, by questionId or topic",
      got: `none for ${without.length} of ${questions.length} (${without
        .slice(0, 3)
        .map(({ id }) => brief(id))
        .join(", ")}${without.length > 3 ? ", …" : ""})`,
      fix: "Add them, or leave these questions out.",
    });
  return found;
}

/** "No facts present" is said by models that were not trained for this protocol. */
const factLabels = { nofacts: false, nofactspresent: false, factspresent: true, 无事实: false, 有事实: true };
/** Whether a reply to turn 1 finds facts; undefined where it does not say. */
export const saysFacts = (reply: string): boolean | undefined => labelIn(reply, factLabels);
const noReference = /noreferenceinformation|无参考信息/;
const verdicts: Readonly<Record<string, Verdict>> = {
  nohallucination: "supported",
  无幻觉: "supported",
  contradictory: "contradictory",
  矛盾: "contradictory",
  unverifiable: "unverifiable",
  无法验证: "unverifiable",
};

/** @param documents by question id */
export function anahAnnotator(judge: Judge, documents: ReadonlyMap<string, ReferenceDocument>): LlmAnnotator {
  return llmAnnotator("ANAH-v2", async (question, sentence): Promise<Judgement> => {
    const { document, language } = documents.get(question.id)!;
    const asked = questionText(question);
    const chat: Message[] = [{ role: "user", content: factCheckPrompt(language, asked, sentence) }];
    const turn = (reply: string, next: string): void =>
      void chat.push({ role: "assistant", content: reply }, { role: "user", content: next });

    const facts = await judge.ask(chat, (text) => withText(text, saysFacts(text)));
    if (!facts) return unparsed;
    if (!facts.value) return { verdict: "no-fact" };

    turn(facts.text, referenceCheckPrompt(language, asked, document, sentence));
    const reference = await judge.ask(chat, (text) => text.trim() || undefined);
    if (!reference) return unparsed;
    if (noReference.test(reference.toLowerCase().replace(/\s+/g, ""))) return { verdict: "unverifiable" };

    turn(reference, hallucinationCheckPrompt(language, asked, reference, sentence));
    const verdict = await judge.ask(chat, (text) => labelIn(text, verdicts));
    return verdict ? { verdict } : unparsed;
  });
}

function withText<T>(text: string, value: T | undefined): { text: string; value: T } | undefined {
  return value === undefined ? undefined : { text, value };
}

export const anah: ServedAnnotator<Record<never, never>, "documents"> = {
  name: "anah",
  description: "ANAH-v2: sentences against a reference document",
  options: z.object({}),
  files: { documents: "a JSONL file of rows {questionId or topic, document}" },
  server: true,
  open({ files: { documents: file }, questions }) {
    const documents = readDocuments(file, questions);
    return Promise.resolve({ source: sha256File(file), annotator: (judgeOf) => anahAnnotator(judgeOf(), documents) });
  },
};

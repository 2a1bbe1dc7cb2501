/**
 * HaluEval's files that give a right and a hallucinated text for the same prompt: questions (qa), dialogues and
 * summaries. Each row is a pair: chosen the right text, all of it supported; rejected the hallucinated one, all of it
 * unverifiable, as its labels say neither where the hallucination is nor of which kind.
 *
 * The prompt is the question, the turns of the dialogue, or the document to be summarised; `knowledge`, from which the
 * texts were made, is not part of it.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { Verdict } from "../../factuality/records";
import type { Message } from "../../text/message";
import { splitSentences } from "../../text/sentence";
import type { PreferencePair } from "../pair";
import { barePair, keysBeside } from "./pairRow";

const text = z.string().trim().min(1);
const schemas = {
  qa: z.object({ question: text, right_answer: text, hallucinated_answer: text }),
  dialogue: z.object({ dialogue_history: text, right_response: text, hallucinated_response: text }),
  summarization: z.object({ document: text, right_summary: text, hallucinated_summary: text }),
};
type Kind = keyof typeof schemas;
const kinds = Object.keys(schemas) as Kind[];

/** Which of the three files a row is of: the one whose hallucinated text it has. */
function kindOf(value: unknown): Kind | undefined {
  const keys = value !== null && typeof value === "object" ? Object.keys(value) : [];
  return kinds.find((kind) => Object.keys(schemas[kind].shape).some((key) => /^hallu/.test(key) && keys.includes(key)));
}

export const isHaluevalPair = (value: unknown): boolean => kindOf(value) !== undefined;

/** The pair of such a row. @throws UserError for a row that lacks one of the texts */
export function haluevalPair(value: unknown, where: string): PreferencePair {
  const { prompt, right, hallucinated } = readers[kindOf(value)!](value, where);
  const sentences = (of: string, verdict: Verdict) => splitSentences(of).map((span) => ({ ...span, verdict }));
  return barePair(
    { prompt, chosen: right, rejected: hallucinated },
    { chosen: sentences(right, "supported"), rejected: sentences(hallucinated, "unverifiable") },
    where,
  );
}

/** Columns of such a row that are not used. */
export function haluevalPairUnused(value: unknown): string[] {
  return keysBeside(value, Object.keys(schemas[kindOf(value)!].shape));
}

interface Texts {
  prompt: Message[];
  right: string;
  hallucinated: string;
}

const readers: Record<Kind, (value: unknown, where: string) => Texts> = {
  qa(value, where) {
    const row = parseRow(schemas.qa, value, where);
    return {
      prompt: [{ role: "user", content: row.question }],
      right: row.right_answer,
      hallucinated: row.hallucinated_answer,
    };
  },
  dialogue(value, where) {
    const row = parseRow(schemas.dialogue, value, where);
    return {
      prompt: turnsOf(row.dialogue_history, where),
      right: row.right_response,
      hallucinated: row.hallucinated_response,
    };
  },
  summarization(value, where) {
    const row = parseRow(schemas.summarization, value, where);
    return {
      prompt: [{ role: "user", content: `Summarize the following document.\n\n${row.document}` }],
      right: row.right_summary,
      hallucinated: row.hallucinated_summary,
    };
  },
};

/** "[Human]: … [Assistant]: … [Human]: …" */
function turnsOf(history: string, where: string): Message[] {
  const [before, ...parts] = history.split(/\[(Human|Assistant)\]:/);
  const turns = parts.flatMap((speaker, i): Message[] =>
    i % 2 === 0 ? [{ role: speaker === "Human" ? "user" : "assistant", content: parts[i + 1]!.trim() }] : [],
  );
  if (before!.trim() === "" && turns.at(-1)?.role === "user") return turns;
  throw new UserError({
    where,
    expected: "a dialogue_history of turns [Human]: and [Assistant]: that ends with the human's",
    got: brief(history),
    fix: "Leave the row out, or complete its history.",
  });
}

/**
 * What all formats of preference pairs share. A format writes a pair as one row of its own and reads such rows back.
 *
 * No other format has a place for question id, topic, scores, spans with verdicts and token ids. They ride in a column
 * of their own, mask_dpo, as one JSON string (loaders that infer a column's type would stumble over sides without
 * sentences); the trainers these formats belong to do not read it. A row that has it gives back the same pair.
 */
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseJson, parseRow } from "../../base/jsonl";
import type { LocationReport } from "../../factuality/humanLabels";
import type { Sentence } from "../../factuality/records";
import { factualityScore } from "../../factuality/score";
import { type Message, messageSchema } from "../../text/message";
import { type PreferencePair, preferencePairSchema } from "../pair";

export interface PairFormat {
  write(pair: PreferencePair): object;
  /**
   * @param report counts sentences that the row has as strings, and names those that its texts do not have
   * @returns undefined where a sentence is missing: the mask would take its text for part of another sentence
   * @throws UserError for a row of another shape
   */
  read(value: unknown, where: string, report: LocationReport): PreferencePair | undefined;
  /** Columns of a row that `read` takes which hold something and are not used, so that a user hears of them. */
  unused(value: unknown): string[];
}

/** The part of a pair that every format has. */
export interface PairTexts {
  prompt: Message[];
  chosen: string;
  rejected: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === "[object Object]";

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  (Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0);

/** Without keys that hold nothing, but for those it must have: Parquet gives each message the keys of all. */
export function withoutEmpty(value: unknown, kept: readonly string[]): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, held]) => kept.includes(key) || !isEmpty(held)));
}

/** A message whose content may be a list of text parts, which follow one another; others are left as they are. */
function asMessage(value: unknown): unknown {
  const message = withoutEmpty(value, ["role", "content"]);
  if (!isRecord(message) || !Array.isArray(message["content"]) || message["content"].length === 0) return message;
  const texts = message["content"].map((part: unknown) => {
    const { type, text, ...rest } = isRecord(part) ? part : {};
    return type === "text" && Object.values(rest).every(isEmpty) ? text : undefined;
  });
  return texts.every((text) => typeof text === "string") ? { ...message, content: texts.join("") } : message;
}

/** Messages as files have them. Whatever else than role and text is in them is refused. */
export const rowMessageSchema = z.preprocess(asMessage, messageSchema);
export const promptSchema = z.array(rowMessageSchema).min(1);
export const assistantSchema = z.preprocess(asMessage, messageSchema.extend({ role: z.literal("assistant") }));
/** For the schemas of rows. */
export const columnSchema = { mask_dpo: z.string().nullish() };

/** Keys of a row that hold something, but for those that are used. */
export function keysBeside(value: unknown, used: readonly string[]): string[] {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, held]) => (used.includes(key) || isEmpty(held) ? [] : [key]));
}

/**
 * A prompt with the text of a system column in front.
 * @throws UserError where the prompt begins with another system message
 */
export function withSystem(prompt: readonly Message[], system: string | null | undefined, where: string): Message[] {
  if (!system) return [...prompt];
  const first = prompt[0];
  if (first?.role !== "system") return [{ role: "system", content: system }, ...prompt];
  if (first.content !== system)
    throw new UserError({
      where,
      expected: "the system message of the prompt in the column of it, or none there",
      got: brief(system),
      fix: "Keep the one that is meant.",
    });
  return [...prompt];
}

export function assistant(content: string): Message {
  return { role: "assistant", content };
}

/** The column of a pair. */
export function columnOf({ questionId, topic, scores, chosen, rejected }: PreferencePair): { mask_dpo: string } {
  const side = ({ completion: _, ...rest }: PreferencePair["chosen"]) => rest;
  return { mask_dpo: JSON.stringify({ questionId, topic, scores, chosen: side(chosen), rejected: side(rejected) }) };
}

const restSchema = z.object({ chosen: z.object({}).passthrough(), rejected: z.object({}).passthrough() }).passthrough();

/**
 * The pair of a row: what its column says, else its texts alone, without sentences.
 * @throws UserError for a column that does not fit the texts
 */
export function pairOfRow(texts: PairTexts, column: string | null | undefined, where: string): PreferencePair {
  if (typeof column !== "string") return barePair(texts, { chosen: [], rejected: [] }, where);
  const at = `${where}, mask_dpo`;
  const rest = parseRow(restSchema, parseJson(column, at), at);
  return parseRow(
    preferencePairSchema,
    {
      ...rest,
      prompt: texts.prompt,
      chosen: { ...rest.chosen, completion: texts.chosen },
      rejected: { ...rest.rejected, completion: texts.rejected },
    },
    at,
  );
}

/**
 * A pair named by its file and row. Its scores are those of its sentences; of a side without any, 1 or 0 says only
 * which is better.
 */
export function barePair(
  { prompt, chosen, rejected }: PairTexts,
  sentences: Record<"chosen" | "rejected", Sentence[]>,
  where: string,
): PreferencePair {
  const name = path.basename(where);
  return {
    questionId: name,
    topic: name,
    prompt,
    chosen: { completion: chosen, sentences: sentences.chosen },
    rejected: { completion: rejected, sentences: sentences.rejected },
    scores: { chosen: factualityScore(sentences.chosen) ?? 1, rejected: factualityScore(sentences.rejected) ?? 0 },
  };
}

/**
 * The texts of two conversations that begin alike (TRL's rule): what they share is the prompt.
 * @throws UserError unless one assistant message is left on either side
 */
export function splitConversations(chosen: readonly Message[], rejected: readonly Message[], where: string): PairTexts {
  const differs = chosen.findIndex(
    (message, i) => message.role !== rejected[i]?.role || message.content !== rejected[i].content,
  );
  const [w, ...moreChosen] = chosen.slice(differs);
  const [l, ...moreRejected] = rejected.slice(differs);
  if (
    differs < 1 ||
    w?.role !== "assistant" ||
    l?.role !== "assistant" ||
    moreChosen.length + moreRejected.length > 0
  ) {
    throw new UserError({
      where,
      expected: "two conversations that differ in their last message, the assistant's",
      got:
        differs < 0
          ? "the same twice"
          : `${chosen.length} and ${rejected.length} messages that differ from message ${differs + 1} on`,
      fix: "Leave the row out, or cut it to one turn.",
    });
  }
  return { prompt: chosen.slice(0, differs), chosen: w.content, rejected: l.content };
}

/**
 * Preference rows of TRL and the Hugging Face hub: conversational or plain, with the prompt apart or as what both sides
 * begin with. Written: conversational with explicit prompt, which DPOTrainer takes as it is.
 *
 * No sentence has a place here, so TRL trains on whole completions: plain DPO. Without the column of pairRow.ts a pair
 * comes back without sentences, and only the mask `none` has something to train on. A plain prompt becomes one user
 * message: TRL would feed it without a chat template. Rows with tools, images or arguments of a chat template are
 * refused, as their prompt is more than text.
 *
 * Two things that TRL itself drops belong to the prompt of rows on the hub (orca_dpo_pairs, say), and are taken: a
 * column system, and, where plain rows have no prompt, the one of question, instruction, query and input that has it.
 */
import { z } from "zod";
import { UserError } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { Message } from "../../text/message";
import {
  type PairFormat,
  type PairTexts,
  assistant,
  assistantSchema,
  columnOf,
  columnSchema,
  keysBeside,
  pairOfRow,
  promptSchema,
  splitConversations,
  withSystem,
} from "./pairRow";

const completion = z.union([z.string(), promptSchema]);
const absent = z
  .union([z.null(), z.array(z.never()).length(0)], { errorMap: () => ({ message: "expected a prompt of text alone" }) })
  .optional();
const nothing = z
  .unknown()
  .refine((value) => keysBeside({ value }, []).length === 0, "expected no arguments of the chat template");
const rowSchema = z.object({
  prompt: completion.nullish(),
  chosen: completion,
  rejected: completion,
  system: z.string().nullish(),
  system_prompt: z.string().nullish(),
  tools: absent,
  images: absent,
  image: z.null().optional(),
  videos: absent,
  audios: absent,
  chat_template_kwargs: nothing,
  ...columnSchema,
});
type Row = z.infer<typeof rowSchema>;
const promptColumns = ["question", "instruction", "query", "input"] as const;

export const trl: PairFormat = {
  write: (pair) => ({
    prompt: pair.prompt,
    chosen: [assistant(pair.chosen.completion)],
    rejected: [assistant(pair.rejected.completion)],
    ...columnOf(pair),
  }),
  read(value, where) {
    const row = parseRow(rowSchema, value, where);
    const column = promptColumn(row, value, where);
    const { prompt, ...sides } = textsOf({ ...row, prompt: column?.text ?? row.prompt }, where);
    const texts = { ...sides, prompt: withSystem(prompt, row.system || row.system_prompt, where) };
    return pairOfRow(texts, row.mask_dpo, where);
  },
  unused(value) {
    const row = rowSchema.parse(value);
    const column = promptColumn(row, value, "");
    const system = row.system ? [] : ["system_prompt"];
    const used = Object.keys(rowSchema.shape).filter((key) => key !== "system_prompt");
    return keysBeside(value, [...used, ...system, ...(column ? [column.name] : [])]);
  },
};

/**
 * The column that has the prompt of a plain row without a column of that name, unless both sides begin with it.
 * @throws UserError where several could
 */
function promptColumn(
  { prompt, chosen, rejected }: Row,
  value: unknown,
  where: string,
): { name: string; text: string } | undefined {
  if (prompt || typeof chosen !== "string" || typeof rejected !== "string") return undefined;
  const texts = promptColumns.flatMap((name) => {
    const text = (value as Record<string, unknown>)[name];
    return typeof text === "string" && text !== "" ? { name, text } : [];
  });
  if (texts.length < 2) return texts.find(({ text }) => !commonStart(chosen, rejected).includes(text));
  throw new UserError({
    where,
    expected: "the prompt in one column",
    got: `none of that name, and text in ${texts.map(({ name }) => name).join(" and ")}`,
    fix: "Give the prompt a column of its own; --from llamafactory takes instruction and input together.",
  });
}

function textsOf({ prompt, chosen, rejected }: Row, where: string): PairTexts {
  if (typeof chosen === "string" && typeof rejected === "string") {
    if (typeof prompt === "string") return { prompt: [{ role: "user", content: prompt }], chosen, rejected };
    if (!prompt) return splitTexts(chosen, rejected, where);
  } else if (typeof chosen !== "string" && typeof rejected !== "string") {
    // such a prompt repeats how both begin
    if (typeof prompt === "string" || !prompt) return splitConversations(chosen, rejected, where);
    return { prompt, chosen: only(chosen, `${where}, chosen`), rejected: only(rejected, `${where}, rejected`) };
  }
  throw new UserError({
    where,
    expected: "prompt, chosen and rejected all as texts or all as messages",
    got: "a mixture",
    fix: "Write them all as messages.",
  });
}

function only(messages: readonly Message[], where: string): string {
  return parseRow(z.array(assistantSchema).length(1), messages, where)[0]!.content;
}

/** TRL's rule: the common beginning is the prompt; a space before the difference goes with the completions. */
function splitTexts(chosen: string, rejected: string, where: string): PairTexts {
  let at = commonStart(chosen, rejected).length;
  if (chosen === rejected || at === 0)
    throw new UserError({
      where,
      expected: "two texts that begin alike and end differently",
      got: at === 0 ? "no common beginning" : "the same text twice",
      fix: "Give the prompt a column of its own, or leave the row out.",
    });
  if (chosen[at - 1] === " " || /[\uD800-\uDBFF]/.test(chosen[at - 1]!)) at--; // half a character is no place to cut
  return {
    prompt: [{ role: "user", content: chosen.slice(0, at) }],
    chosen: chosen.slice(at),
    rejected: rejected.slice(at),
  };
}

function commonStart(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return a.slice(0, at);
}

/**
 * Preference rows of TRL and the Hugging Face hub: conversational or plain, with the prompt apart or as what both sides
 * begin with. Written: conversational with explicit prompt, which DPOTrainer takes as it is.
 *
 * No sentence has a place here, so TRL trains on whole completions: plain DPO. Without the column of pairRow.ts a pair
 * comes back without sentences, and only the mask `none` has something to train on. A plain prompt becomes one user
 * message: TRL would feed it without a chat template. Rows with tools or images are refused, as their prompt is more
 * than text.
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
  pairOfRow,
  promptSchema,
  splitConversations,
} from "./pairRow";

const completion = z.union([z.string(), promptSchema]);
const absent = z
  .union([z.null(), z.array(z.never()).length(0)], { errorMap: () => ({ message: "expected a prompt of text alone" }) })
  .optional();
const rowSchema = z.object({
  prompt: completion.nullish(),
  chosen: completion,
  rejected: completion,
  tools: absent,
  images: absent,
  image: z.null().optional(),
  ...columnSchema,
});
type Row = z.infer<typeof rowSchema>;

export const trl: PairFormat = {
  write: (pair) => ({
    prompt: pair.prompt,
    chosen: [assistant(pair.chosen.completion)],
    rejected: [assistant(pair.rejected.completion)],
    ...columnOf(pair),
  }),
  read(value, where) {
    const row = parseRow(rowSchema, value, where);
    return pairOfRow(textsOf(row, where), row.mask_dpo, where);
  },
};

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
  let at = 0;
  while (at < chosen.length && chosen[at] === rejected[at]) at++;
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

/**
 * Axolotl's preference rows of type chat_template.default (docs/rlhf.qmd there), and the part of its configuration that
 * names them. It trains with TRL on whole completions: plain DPO.
 */
import { z } from "zod";
import { parseRow } from "../../base/jsonl";
import {
  type PairFormat,
  assistant,
  assistantSchema,
  columnOf,
  columnSchema,
  keysBeside,
  pairOfRow,
  promptSchema,
} from "./pairRow";

const rowSchema = z.object({
  messages: promptSchema,
  chosen: assistantSchema,
  rejected: assistantSchema,
  ...columnSchema,
});

/** For the configuration; the other keys of such an entry default to the names used here. */
export function axolotlConfig(file: string): string {
  return `rl: dpo
datasets:
  - path: ${file}
    ds_type: json
    split: train
    type: chat_template.default
`;
}

export const axolotl: PairFormat = {
  write: (pair) => ({
    messages: pair.prompt,
    chosen: assistant(pair.chosen.completion),
    rejected: assistant(pair.rejected.completion),
    ...columnOf(pair),
  }),
  read(value, where) {
    const { messages, chosen, rejected, mask_dpo } = parseRow(rowSchema, value, where);
    return pairOfRow({ prompt: messages, chosen: chosen.content, rejected: rejected.content }, mask_dpo, where);
  },
  unused: (value) => keysBeside(value, Object.keys(rowSchema.shape)),
};

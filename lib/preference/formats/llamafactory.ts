/**
 * LLaMA-Factory's preference rows in its sharegpt format (data/README.md there), for `stage: dpo`, and the entry of
 * dataset_info.json that describes them. It trains on whole completions: plain DPO.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { Message } from "../../text/message";
import type { PreferencePair } from "../pair";
import { type PairFormat, columnOf, columnSchema, pairOfRow } from "./pairRow";

const speakers = { system: "system", user: "human", assistant: "gpt" } as const satisfies Record<
  Message["role"],
  string
>;
const roles = { system: "system", human: "user", gpt: "assistant" } as const satisfies Record<string, Message["role"]>;
const messageSchema = z.object({ from: z.enum(["system", "human", "gpt"]), value: z.string() }).strict();
const answerSchema = messageSchema.extend({ from: z.literal("gpt") });
const rowSchema = z.object({
  conversations: z.array(messageSchema).min(1),
  chosen: answerSchema,
  rejected: answerSchema,
  ...columnSchema,
});

/** The entry for the rows in `file`. */
export function datasetInfo(file: string): object {
  return {
    file_name: file,
    formatting: "sharegpt",
    ranking: true,
    columns: { messages: "conversations", chosen: "chosen", rejected: "rejected" },
  };
}

export const llamafactory: PairFormat = {
  write(pair) {
    checkTurns(pair);
    return {
      conversations: pair.prompt.map(({ role, content }) => ({ from: speakers[role], value: content })),
      chosen: { from: "gpt", value: pair.chosen.completion },
      rejected: { from: "gpt", value: pair.rejected.completion },
      ...columnOf(pair),
    };
  },
  read(value, where) {
    const { conversations, chosen, rejected, mask_dpo } = parseRow(rowSchema, value, where);
    return pairOfRow(
      {
        prompt: conversations.map(({ from, value }) => ({ role: roles[from], content: value })),
        chosen: chosen.value,
        rejected: rejected.value,
      },
      mask_dpo,
      where,
    );
  },
};

/**
 * LLaMA-Factory leaves out, with a warning in its log, what is not: perhaps a system message, then user and assistant
 * in turn, the user last.
 */
function checkTurns({ questionId, prompt }: PreferencePair): void {
  const turns = prompt[0]!.role === "system" ? prompt.slice(1) : prompt;
  if (turns.length % 2 === 1 && turns.every(({ role }, i) => role === (i % 2 === 0 ? "user" : "assistant"))) return;
  throw new UserError({
    where: `pair of question ${brief(questionId)}`,
    expected: "a prompt of user and assistant in turn that ends with the user, as LLaMA-Factory demands",
    got: prompt.map(({ role }) => role).join(", "),
    fix: "Leave that pair out, or export to another format.",
  });
}

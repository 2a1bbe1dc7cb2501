/**
 * LLaMA-Factory's preference rows (data/README.md there), for `stage: dpo`, and the entry of dataset_info.json that
 * describes them. It trains on whole completions: plain DPO. Read are its three formats under their default names:
 * alpaca (instruction, input, history), sharegpt (conversations) and openai (messages), each with system; written is
 * sharegpt. As there, a system message among the turns goes before the column; rows with tools or media are refused.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { Message } from "../../text/message";
import type { PreferencePair } from "../pair";
import {
  type PairFormat,
  assistantSchema,
  columnOf,
  columnSchema,
  keysBeside,
  pairOfRow,
  promptSchema,
  withSystem,
  withoutEmpty,
} from "./pairRow";

const speakers = { system: "system", user: "human", assistant: "gpt" } as const satisfies Record<
  Message["role"],
  string
>;
const roles = { system: "system", human: "user", gpt: "assistant" } as const satisfies Record<string, Message["role"]>;
const turn = z.object({ from: z.enum(["system", "human", "gpt"]), value: z.string() }).strict();
const asTurn = (value: unknown): unknown => withoutEmpty(value, ["from", "value"]);
const turnSchema = z.preprocess(asTurn, turn);
const answerSchema = z.preprocess(asTurn, turn.extend({ from: z.literal("gpt") }));
const message = ({ from, value }: z.infer<typeof turn>): Message => ({ role: roles[from], content: value });

const empty = z
  .unknown()
  .refine((value) => keysBeside({ value }, []).length === 0 || value === "[]", "expected a prompt of text alone");
const shared = {
  system: z.string().nullish(),
  tools: empty,
  images: empty,
  videos: empty,
  audios: empty,
  ...columnSchema,
};
const history = z.array(z.tuple([z.string(), z.string()])).nullish();
const schemas = {
  sharegpt: z.object({
    conversations: z.array(turnSchema).min(1),
    chosen: answerSchema,
    rejected: answerSchema,
    ...shared,
  }),
  openai: z.object({ messages: promptSchema, chosen: assistantSchema, rejected: assistantSchema, ...shared }),
  alpaca: z.object({
    instruction: z.string().nullish(),
    input: z.string().nullish(),
    history,
    chosen: z.string(),
    rejected: z.string(),
    ...shared,
  }),
};
type Shape = keyof typeof schemas;

const anyRow = z
  .record(z.unknown())
  .refine((row) => shapeOf(row) !== undefined, "expected instruction (alpaca), conversations (sharegpt) or messages");

function shapeOf(row: Readonly<Record<string, unknown>>): Shape | undefined {
  if (row["conversations"]) return "sharegpt";
  if (row["messages"]) return "openai";
  return row["instruction"] || row["input"] ? "alpaca" : undefined;
}

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
    const { prompt, chosen, rejected, system, mask_dpo } = readers[shapeOf(parseRow(anyRow, value, where))!](
      value,
      where,
    );
    const full = prompt[0]?.role === "system" ? prompt : withSystem(prompt, system, where);
    return pairOfRow({ prompt: full, chosen, rejected }, mask_dpo, where);
  },
  unused(value) {
    const row = anyRow.parse(value);
    const shape = shapeOf(row)!;
    const used = Object.keys(schemas[shape].shape);
    const begins = shape === "alpaca" ? undefined : readers[shape](value, "").prompt[0]?.role;
    return keysBeside(
      row,
      used.filter((key) => key !== "system" || begins !== "system"),
    );
  },
};

interface ReadRow {
  prompt: Message[];
  chosen: string;
  rejected: string;
  system?: string | null;
  mask_dpo?: string | null;
}

const readers: Record<Shape, (value: unknown, where: string) => ReadRow> = {
  sharegpt(value, where) {
    const { conversations, chosen, rejected, ...row } = parseRow(schemas.sharegpt, value, where);
    return { ...row, prompt: conversations.map(message), chosen: chosen.value, rejected: rejected.value };
  },
  openai(value, where) {
    const { messages, chosen, rejected, ...row } = parseRow(schemas.openai, value, where);
    return { ...row, prompt: messages, chosen: chosen.content, rejected: rejected.content };
  },
  alpaca(value, where) {
    const { instruction, input, history, ...row } = parseRow(schemas.alpaca, value, where);
    const turns = (history ?? []).flatMap(([asked, answered]): Message[] => [
      { role: "user", content: asked },
      { role: "assistant", content: answered },
    ]);
    const content = [instruction, input].filter(Boolean).join("\n");
    return { ...row, prompt: [...turns, { role: "user", content }] };
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

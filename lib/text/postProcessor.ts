/**
 * What a tokenizer puts before every text by itself, as the `post_processor` of tokenizer.json says: BOS with Llama,
 * nothing with GPT-2 and Qwen2, whatever special tokens are named elsewhere.
 */
import { z } from "zod";
import { parseRow } from "../base/jsonl";

const piece = z.union([
  z.object({ SpecialToken: z.object({ id: z.string() }).passthrough() }).passthrough(),
  z.object({ Sequence: z.object({ id: z.string() }).passthrough() }).passthrough(),
]);
const named = z.tuple([z.string(), z.number().int()]);
const stepSchema = z
  .object({
    type: z.string(),
    single: z.array(piece).optional(),
    cls: named.optional(),
    processors: z.array(z.unknown()).optional(),
  })
  .passthrough()
  .nullish();

/** The tokens before the text, as they are spelled. @throws UserError naming the file */
export function openingTokens(postProcessor: unknown, file: string, depth = 0): string[] {
  const step = parseRow(stepSchema, postProcessor, `${file}: post_processor`);
  if (!step) return [];
  if (step.type === "Sequence" && depth < 8)
    return (step.processors ?? []).flatMap((inner) => openingTokens(inner, file, depth + 1));
  if (step.cls) return [step.cls[0]]; // BertProcessing, RobertaProcessing
  const single = step.single ?? [];
  const text = single.findIndex((part) => "Sequence" in part);
  return single.slice(0, Math.max(0, text)).map((part) => (part as { SpecialToken: { id: string } }).SpecialToken.id);
}

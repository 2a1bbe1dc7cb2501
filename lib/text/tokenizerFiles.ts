/**
 * The files of a tokenizer folder: tokenizer.json, and, where there are any, tokenizer_config.json,
 * special_tokens_map.json, generation_config.json and chat_template.jinja, as transformers 4 and 5 write them.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { parseJson, parseRow, type RowSchema } from "../base/jsonl";
import { readText } from "../base/textFile";
import { hasUnknownPattern } from "./patterns";
import { openingTokens } from "./postProcessor";

/** Files that travel with a tokenizer, when present. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
] as const;

const specialNames = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;
export type SpecialName = (typeof specialNames)[number];

/** What a tokenizer folder says. */
export interface TokenizerFiles {
  dir: string;
  /** Path of tokenizer.json, for messages. */
  file: string;
  /** Content of tokenizer.json. */
  json: object;
  /**
   * What tokens are spelled in: GPT-2's alphabet of bytes, or text with ▁ for spaces and <0x0A> for bytes
   * (SentencePiece, Llama 2).
   */
  spelling: "bytes" | "pieces";
  /** Whether texts are brought to NFC before they are cut. */
  nfc: boolean;
  /** A pattern by which texts are cut that no published model has: nobody knows how long it takes. */
  unknownPattern: boolean;
  specialTokens: Partial<Record<SpecialName, string>>;
  /** Tokens that the tokenizer puts before a text (`openingTokens`). */
  opening: string[];
  /** add_bos_token, by which the Llama classes of transformers 4 put BOS before a text. */
  addBos: boolean;
  /** eos_token_id of generation_config.json, else of config.json; a number or a list there. */
  generationEosIds: number[];
  chatTemplate?: string;
  /** vocab_size of the config.json beside it: how many ids the model has a row for; infinite where there is none. */
  rows: number;
}

const tokenText = z
  .union([
    z.string(),
    z
      .object({ content: z.string() })
      .passthrough()
      .transform((t) => t.content),
  ])
  .nullish();
const tokensSchema = z
  .object({ bos_token: tokenText, eos_token: tokenText, pad_token: tokenText, unk_token: tokenText })
  .passthrough();
const templateSchema = z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish();
const configSchema = tokensSchema.extend({ chat_template: templateSchema, add_bos_token: z.boolean().nullish() });
const generationSchema = z
  .object({ eos_token_id: z.union([z.number().int(), z.array(z.number().int())]).nullish() })
  .passthrough();

const rowsSchema = z.object({ vocab_size: z.number().optional().catch(undefined) });

/** No vocabulary has that many; ids are places in arrays. */
const tokenId = z
  .number()
  .int()
  .nonnegative()
  .max(1 << 22);

const stepSchema = z
  .object({
    type: z.string(),
    add_prefix_space: z.boolean().optional(),
    replacement: z.string().optional(),
    split: z.boolean().optional(),
    pattern: z.unknown(),
  })
  .passthrough();
const preTokenizerSchema = stepSchema.extend({ pretokenizers: z.array(stepSchema).optional() });
const normalizerSchema = stepSchema.extend({ normalizers: z.array(stepSchema).optional() });
const tokenizerSchema = z
  .object({
    model: z
      .object({
        type: z.string().optional(),
        byte_fallback: z.boolean().nullish(),
        vocab: z.record(tokenId),
        merges: z.array(z.unknown()),
      })
      .passthrough(),
    normalizer: normalizerSchema.nullable(),
    pre_tokenizer: preTokenizerSchema.nullable(),
    post_processor: z.unknown(),
    decoder: z.unknown(),
    added_tokens: z.array(
      z.object({ id: tokenId, content: z.string().min(1), single_word: z.boolean().optional() }).passthrough(),
    ),
  })
  .passthrough();

/** Reads and checks the folder. @throws UserError naming the file */
export function readTokenizerFiles(dir: string): TokenizerFiles {
  const file = path.join(dir, "tokenizer.json");
  const json = parseJson(readText(file), file);
  const kind = checkTokenizer(json, file);
  const config = readOptional(path.join(dir, "tokenizer_config.json"), configSchema);
  const map = readOptional(path.join(dir, "special_tokens_map.json"), tokensSchema);
  const generation =
    readOptional(path.join(dir, "generation_config.json"), generationSchema) ??
    readOptional(path.join(dir, "config.json"), generationSchema); // as transformers makes up for it
  const eos = generation?.eos_token_id ?? [];
  const specialTokens: Partial<Record<SpecialName, string>> = {};
  for (const name of specialNames) {
    const token = config?.[name] ?? map?.[name];
    if (token) specialTokens[name] = token;
  }
  return {
    dir,
    file,
    ...kind,
    json: json as object,
    specialTokens,
    opening: openingTokens((json as { post_processor?: unknown }).post_processor, file),
    addBos: config?.add_bos_token === true,
    rows: readOptional(path.join(dir, "config.json"), rowsSchema)?.vocab_size ?? Infinity,
    generationEosIds: typeof eos === "number" ? [eos] : eos,
    chatTemplate: readTemplate(dir, config?.chat_template ?? undefined),
  };
}

/** Which kind it is, of those we know the spelling of. */
function checkTokenizer(value: unknown, file: string): Pick<TokenizerFiles, "spelling" | "nfc" | "unknownPattern"> {
  const type = (value as { model?: { type?: string } } | null)?.model?.type ?? "BPE";
  if (type !== "BPE") unsupported(file, `a ${type} model`);
  const json = parseRow(tokenizerSchema, value, file);
  const word = json.added_tokens.find((token) => token.single_word);
  if (word) unsupported(file, `added token ${brief(word.content)} with single_word`);
  const steps = json.pre_tokenizer ? [json.pre_tokenizer, ...(json.pre_tokenizer.pretokenizers ?? [])] : [];
  const normalizers = json.normalizer?.normalizers ?? (json.normalizer ? [json.normalizer] : []);
  if (json.model.byte_fallback) {
    const other = [...steps, ...normalizers].find((step) => !isPieceStep(step));
    if (other) unsupported(file, `byte fallback with ${brief(other)}`);
    return { spelling: "pieces", nfc: false, unknownPattern: false };
  }
  const byteLevel = steps.find((step) => step.type === "ByteLevel");
  if (!byteLevel) unsupported(file, `pre-tokenizer ${brief(json.pre_tokenizer?.type ?? null)}`);
  if (byteLevel.add_prefix_space) unsupported(file, "add_prefix_space, which changes the text");
  const other = normalizers.find((step) => step.type !== "NFC");
  if (other) unsupported(file, `normaliser ${brief(other.type)}, which changes the text`);
  return { spelling: "bytes", nfc: normalizers.length > 0, unknownPattern: hasUnknownPattern(steps) };
}

/** Steps that do no more than write spaces as ▁, and one in front. */
function isPieceStep(step: z.output<typeof stepSchema>): boolean {
  if (step.type === "Metaspace") return step.replacement === "▁" && step.split === false;
  if (step.type === "Prepend") return step["prepend"] === "▁";
  return (
    step.type === "Replace" &&
    step["content"] === "▁" &&
    (step.pattern as { String?: string } | undefined)?.String === " "
  );
}

function unsupported(file: string, got: string): never {
  throw new UserError({
    where: file,
    expected:
      "a byte-level BPE tokenizer (Llama 3, Qwen2, GPT-2 kind) or one of pieces with byte fallback (Llama 2 kind)",
    got,
    fix: "Use a model with such a tokenizer.",
  });
}

/** chat_template.jinja wins over the config, as in transformers; of several named templates, "default". */
function readTemplate(dir: string, configured: z.output<typeof templateSchema>): string | undefined {
  const file = path.join(dir, "chat_template.jinja");
  if (existsSync(file)) return readText(file);
  if (!configured || typeof configured === "string") return configured || undefined;
  return configured.find(({ name }) => name === "default")?.template;
}

function readOptional<T>(file: string, schema: RowSchema<T>): T | undefined {
  return existsSync(file) ? parseRow(schema, parseJson(readText(file), file), file) : undefined;
}

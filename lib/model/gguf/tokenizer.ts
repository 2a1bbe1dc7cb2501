/** The tokenizer's files of a GGUF file, as transformers writes them: tokenizer.json and tokenizer_config.json. */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import { unsupported, type GgufFile } from "./file";
import { byteLevel, pieces, preTokenizerNames, type Parts } from "./tokenizerParts";

const text = z.string();
const id = z.number().int().nonnegative();
const schema = z.object({
  model: text.default("none"),
  pre: text.default("none"),
  tokens: z.array(text),
  token_type: z.array(z.number()).optional(),
  scores: z.array(z.number()).optional(),
  merges: z.array(text).optional(),
  bos_token_id: id.optional(),
  eos_token_id: id, // closes a completion
  unknown_token_id: id.optional(),
  padding_token_id: id.optional(),
  add_bos_token: z.boolean().optional(),
  add_space_prefix: z.boolean().default(true),
  remove_extra_whitespaces: z.literal(false).default(false),
});
type TokenizerKeys = z.output<typeof schema>;

/** What kind of token it is, by llama.cpp's number. */
const [unknownToken, control, userDefined, unused] = [2, 3, 4, 5];
const prefix = "tokenizer.ggml.";

export interface TokenizerJson {
  "tokenizer.json": object;
  "tokenizer_config.json": object;
}

/**
 * @param rows of the embedding
 * @throws UserError naming what is not supported: a model, a pre-tokenizer; or for a vocabulary that is damaged
 */
export function ggufTokenizer({ file, metadata }: GgufFile, rows: number): TokenizerJson {
  const entries = [...metadata].filter(([key]) => key.startsWith(prefix));
  const keys = parseRow(
    schema,
    Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value])),
    `${file}, ${prefix}*`,
  );
  for (const name of ["token_type", "scores"] as const) {
    const of = keys[name]?.length ?? keys.tokens.length;
    if (of !== keys.tokens.length)
      throw damagedVocabulary(file, `a ${name} for each of ${keys.tokens.length} tokens`, of);
  }
  if (keys.tokens.length > rows) throw damagedVocabulary(file, `at most ${rows} tokens`, keys.tokens.length);
  const parts = partsOf(keys, file);
  const special = specialTokens(keys, file);
  const { bos_token: bos } = special;
  const adds = bos !== undefined && (keys.add_bos_token ?? parts.addsBos);
  const template = metadata.get("tokenizer.chat_template");
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(keys),
      normalizer: parts.normalizer,
      pre_tokenizer: parts.preTokenizer,
      post_processor: adds ? withBos(bos, keys.bos_token_id!) : null,
      decoder: parts.decoder,
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        ...parts.model,
        vocab: vocabulary(keys),
        merges: parts.merges,
      },
    },
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      ...special,
      clean_up_tokenization_spaces: false,
      ...(typeof template === "string" ? { chat_template: template } : {}),
    },
  };
}

function partsOf(keys: TokenizerKeys, file: string): Parts {
  const { model, pre } = keys;
  if (model === "llama") return pieces(keys, file);
  if (model !== "gpt2")
    throw unsupported(file, "tokenizer.ggml.model gpt2 (byte-level BPE) or llama (pieces)", brief(model));
  const parts = byteLevel(keys, file);
  if (!parts) throw unsupported(file, `tokenizer.ggml.pre ${preTokenizerNames.join(", ")}`, brief(pre));
  return parts;
}

/** Rows that only pad the embedding are no tokens. */
function vocabulary({ tokens, token_type: types }: TokenizerKeys): Record<string, number> {
  const pads = (token: string, i: number) => types?.[i] === unused && /^\[PAD\d+\]$/.test(token);
  return Object.fromEntries(tokens.flatMap((token, i) => (pads(token, i) ? [] : [[token, i] as const])));
}

function addedTokens({ tokens, token_type: types = [] }: TokenizerKeys): object[] {
  return tokens.flatMap((content, i) => {
    const type = types[i];
    if (content === "" || (type !== unknownToken && type !== control && type !== userDefined)) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id: i, content, ...plain, special: type !== userDefined }];
  });
}

function specialTokens(
  keys: TokenizerKeys,
  file: string,
): Partial<Record<`${"bos" | "eos" | "unk" | "pad"}_token`, string>> {
  const named = { bos_token: "bos_token_id", eos_token: "eos_token_id", unk_token: "unknown_token_id" } as const;
  const ids = Object.entries({ ...named, pad_token: "padding_token_id" } as const);
  return Object.fromEntries(
    ids.flatMap(([name, key]) => {
      const at = keys[key];
      if (at === undefined) return [];
      const token = keys.tokens[at];
      if (token === undefined) throw damagedVocabulary(file, `${key} below ${keys.tokens.length}`, at);
      return [[name, token]];
    }),
  );
}

function withBos(bos: string, id: number): object {
  const token = { SpecialToken: { id: bos, type_id: 0 } };
  const sequence = (name: string) => ({ Sequence: { id: name, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [token, sequence("A")],
    pair: [token, sequence("A"), token, sequence("B")],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  };
}

function damagedVocabulary(file: string, expected: string, got: unknown): UserError {
  return new UserError({ where: file, expected, got: brief(got), fix: "The file is damaged; download it again." });
}

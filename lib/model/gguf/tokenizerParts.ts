/** What tokenizer.json says of the two kinds of tokenizers in GGUF files: how a text is cut, which merges follow. */
import { UserError, brief } from "../../base/check";
import { damaged } from "../safetensors/header";

/** The parts of tokenizer.json in which tokenizers differ. */
export interface Parts {
  normalizer: object | null;
  preTokenizer: object | null;
  decoder: object;
  model: { unk_token?: string; fuse_unk?: boolean; byte_fallback?: boolean; ignore_merges?: boolean };
  merges: (readonly [string, string])[];
  /** Whether a text begins with the bos token where the file does not say. */
  addsBos: boolean;
}

/** What of a file's metadata decides. */
interface Vocabulary {
  pre: string;
  tokens: readonly string[];
  scores?: readonly number[];
  merges?: readonly string[];
  unknown_token_id?: number;
  add_space_prefix: boolean;
}

const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };

function split(digits: string): object {
  const words = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  const others = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const pattern = { Regex: `${words}|${digits}|${others}` };
  return sequence({ type: "Split", pattern, behavior: "Isolated", invert: false }, { ...bytes, use_regex: false });
}

const sequence = (...pretokenizers: object[]): object => ({ type: "Sequence", pretokenizers });

/** How a text is cut before bytes are merged, by tokenizer.ggml.pre. */
const preTokenizers: Readonly<Record<string, Pick<Parts, "normalizer" | "preTokenizer" | "model" | "addsBos">>> = {
  "gpt-2": { normalizer: null, preTokenizer: { ...bytes, use_regex: true }, model: {}, addsBos: false },
  "llama-bpe": { normalizer: null, preTokenizer: split("\\p{N}{1,3}"), model: { ignore_merges: true }, addsBos: true },
  qwen2: { normalizer: { type: "NFC" }, preTokenizer: split("\\p{N}"), model: {}, addsBos: false },
  smollm: {
    normalizer: null,
    preTokenizer: sequence({ type: "Digits", individual_digits: true }, { ...bytes, use_regex: true }),
    model: {},
    addsBos: false,
  },
};
export const preTokenizerNames = Object.keys(preTokenizers);

/** Byte-level BPE; undefined for a pre-tokenizer that is not known here. @throws UserError for damaged merges */
export function byteLevel({ pre, merges }: Vocabulary, file: string): Parts | undefined {
  if (!Object.hasOwn(preTokenizers, pre)) return undefined;
  const decoder = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };
  return { ...preTokenizers[pre]!, decoder, merges: givenMerges(merges ?? [], file) };
}

/** SentencePiece's BPE, as Llama 2 has it: a space in front, ▁ for spaces, bytes for what is not in the vocabulary. */
export function pieces(vocabulary: Vocabulary, file: string): Parts {
  const { tokens, merges, unknown_token_id: unknown = 0, add_space_prefix: prefixed } = vocabulary;
  const replace = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const prepend = { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, replace] };
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  const spaces = { type: "Replace", pattern: { String: "▁" }, content: " " };
  const decoders = [spaces, { type: "ByteFallback" }, { type: "Fuse" }, ...(prefixed ? [strip] : [])];
  return {
    normalizer: prefixed ? prepend : replace,
    preTokenizer: null,
    decoder: { type: "Sequence", decoders },
    model: { unk_token: tokens[unknown], fuse_unk: true, byte_fallback: true },
    merges: merges ? givenMerges(merges, file) : impliedMerges(vocabulary, file),
    addsBos: true,
  };
}

function givenMerges(merges: readonly string[], file: string): [string, string][] {
  return merges.map((merge) => {
    const at = merge.indexOf(" ", 1);
    if (at < 0) throw broken(file, "two tokens with a space between in every merge", brief(merge));
    return [merge.slice(0, at), merge.slice(at + 1)];
  });
}

/**
 * SentencePiece joins two neighbours whenever the vocabulary has what they make, the best score first: every way to
 * make a piece of two others is a merge, in the order of transformers' `generate_merges`.
 */
function impliedMerges({ tokens, scores }: Vocabulary, file: string): [string, string][] {
  if (!scores) throw broken(file, "tokenizer.ggml.scores or merges of pieces", "neither");
  const ids = new Map(tokens.map((token, i) => [token, i]));
  const length = new Map(tokens.map((token) => [token, [...token].length]));
  const merges = [...ids].flatMap(([token, id]) => {
    const characters = [...token];
    const ways = characters.slice(1).flatMap((_, i) => {
      const pair = [characters.slice(0, i + 1).join(""), characters.slice(i + 1).join("")] as [string, string];
      return ids.has(pair[0]) && ids.has(pair[1]) ? [{ pair, score: scores[id]! }] : [];
    });
    return ways.sort(({ pair: a }, { pair: b }) => ids.get(a[0])! - ids.get(b[0])! || ids.get(a[1])! - ids.get(b[1])!);
  });
  return merges
    .sort(
      (a, b) =>
        b.score - a.score ||
        length.get(b.pair[0])! - length.get(a.pair[0])! ||
        length.get(b.pair[1])! - length.get(a.pair[1])!,
    )
    .map(({ pair }) => pair);
}

function broken(file: string, expected: string, got: string): UserError {
  return new UserError({ where: file, expected, got, fix: damaged });
}

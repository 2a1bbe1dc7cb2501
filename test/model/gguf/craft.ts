/** GGUF files made up in a test: right ones with one thing changed. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { scratch } from "../../golden/fixtures";

export const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
};
export const u64 = (value: number | bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
};
export const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

/** A value with its type in front: whole numbers as UINT32, others as FLOAT32. */
export function value(of: unknown): Buffer {
  if (typeof of === "string") return Buffer.concat([u32(8), text(of)]);
  if (typeof of === "boolean") return Buffer.concat([u32(7), Buffer.of(Number(of))]);
  if (typeof of === "number" && Number.isInteger(of)) return Buffer.concat([u32(4), u32(of)]);
  if (typeof of === "number") {
    const out = Buffer.alloc(4);
    out.writeFloatLE(of);
    return Buffer.concat([u32(6), out]);
  }
  const items = (of as unknown[]).map(value);
  const type = items[0]?.subarray(0, 4) ?? u32(8);
  return Buffer.concat([u32(9), type, u64(items.length), ...items.map((item) => item.subarray(4))]);
}

export interface CraftTensor {
  shape: number[];
  /** ggml's number; 0 is F32 */
  type?: number;
  offset?: number | bigint;
  data?: Buffer;
}

export interface Craft {
  metadata: Record<string, unknown>;
  tensors: Record<string, CraftTensor>;
  version?: number;
  counts?: [tensors: number | bigint, entries: number | bigint];
}

/** The bytes of a file; data are zeros of F32 unless given. */
export function craft({ metadata, tensors, version = 3, counts }: Craft): Buffer {
  const entries = Object.entries(metadata).map(([key, of]) => Buffer.concat([text(key), value(of)]));
  const infos: Buffer[] = [];
  const data: Buffer[] = [];
  let end = 0;
  for (const [name, { shape, type = 0, offset = end, data: given }] of Object.entries(tensors)) {
    const bytes = given ?? Buffer.alloc(4 * shape.reduce((a, b) => a * b, 1));
    const dimensions = shape.toReversed().map(u64);
    infos.push(Buffer.concat([text(name), u32(shape.length), ...dimensions, u32(type), u64(offset)]));
    data.push(padded(bytes));
    end += data.at(-1)!.length;
  }
  const [tensorCount, entryCount] = counts ?? [infos.length, entries.length];
  const head = Buffer.concat([Buffer.from("GGUF"), u32(version), u64(tensorCount), u64(entryCount)]);
  return Buffer.concat([padded(Buffer.concat([head, ...entries, ...infos])), ...data]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);

/** A whole model of one layer with vocabulary "a", "b", "ab", "<end>". */
export function smallModel(): Craft {
  const [D, F, V] = [8, 12, 4];
  const layer = {
    attn_norm: [D],
    attn_q: [D, D],
    attn_k: [D / 2, D],
    attn_v: [D / 2, D],
    attn_output: [D, D],
    ffn_norm: [D],
    ffn_gate: [F, D],
    ffn_up: [F, D],
    ffn_down: [D, F],
  };
  return {
    metadata: {
      "general.architecture": "llama",
      "llama.block_count": 1,
      "llama.context_length": 64,
      "llama.embedding_length": D,
      "llama.feed_forward_length": F,
      "llama.attention.head_count": 2,
      "llama.attention.head_count_kv": 1,
      "llama.attention.layer_norm_rms_epsilon": 1e-5,
      "llama.rope.dimension_count": 4,
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.tokens": ["a", "b", "ab", "<end>"],
      "tokenizer.ggml.token_type": [1, 1, 1, 3],
      "tokenizer.ggml.merges": ["a b"],
      "tokenizer.ggml.eos_token_id": 3,
    },
    tensors: {
      "token_embd.weight": { shape: [V, D] },
      ...Object.fromEntries(Object.entries(layer).map(([name, shape]) => [`blk.0.${name}.weight`, { shape }])),
      "output_norm.weight": { shape: [D] },
    },
  };
}

/** The small model, changed, as a file. */
export function craftFile(t: TestContext, change: (model: Craft) => void = () => undefined): string {
  const model = smallModel();
  change(model);
  return bytesFile(t, craft(model));
}

export function bytesFile(t: TestContext, bytes: Buffer): string {
  const file = path.join(scratch(t), "model.gguf");
  writeFileSync(file, bytes);
  return file;
}

/** The shape of a GGUF file's model, from its metadata and from which tensors it has. */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseRow } from "../../base/jsonl";
import type { RopeScaling, TransformerConfig } from "../config";
import { llama } from "../family/llama";
import { qwen2 } from "../family/qwen2";
import type { Family } from "../family/family";
import { damaged } from "../safetensors/header";
import { ropeInverseFrequencies } from "../rope";
import { unsupported, type GgufFile } from "./file";
import { readNumbers, ropeFactors } from "./weights";

/** By general.architecture. */
const architectures: Readonly<Record<string, { family: Family; rotated: boolean }>> = {
  llama: { family: llama, rotated: true },
  qwen2: { family: qwen2, rotated: false },
};

const count = z.number().int().positive();
const id = z.number().int().nonnegative();
const none = (what: string) =>
  z
    .number()
    .refine((n) => n === 0, `${what} not supported`)
    .optional();
const schema = z.object({
  block_count: count,
  context_length: count,
  embedding_length: count,
  feed_forward_length: count,
  "attention.head_count": count,
  "attention.head_count_kv": count.optional(),
  "attention.key_length": count.optional(),
  "attention.value_length": count.optional(),
  "attention.layer_norm_rms_epsilon": z.number().positive(),
  "attention.sliding_window": none("sliding-window attention is"),
  expert_count: none("a mixture of experts is"),
  "rope.freq_base": z.number().positive().default(10000),
  "rope.dimension_count": count.optional(),
  "rope.scaling.type": z.enum(["none", "linear"], { message: "only linear scaling is supported" }).default("none"),
  "rope.scaling.factor": z.number().min(1).optional(),
  "rope.scale_linear": z.number().min(1).optional(), // before there was a type
});
type ModelKeys = z.output<typeof schema>;

const tokenSchema = z.object({
  "tokenizer.ggml.bos_token_id": id.optional(),
  "tokenizer.ggml.eos_token_id": id.optional(),
  "tokenizer.ggml.eot_token_id": id.optional(),
  "tokenizer.ggml.eom_token_id": id.optional(),
  "tokenizer.ggml.padding_token_id": id.optional(),
});

/** @throws UserError naming what is not supported: an architecture, a kind of attention, a rotary scaling, biases */
export function ggufConfig(gguf: GgufFile): { config: TransformerConfig; rotated: boolean } {
  const { file, metadata, tensors } = gguf;
  const name = metadata.get("general.architecture");
  const known = typeof name === "string" && Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (!known)
    throw unsupported(file, `general.architecture ${Object.keys(architectures).join(" or ")}`, brief(name ?? "none"));
  const keys = parseRow(schema, keysBelow(gguf, `${String(name)}.`), `${file}, ${String(name)}.*`);
  if (keys.block_count > tensors.size)
    throw new UserError({
      where: file,
      expected: `tensors of ${keys.block_count} layers`,
      got: `${tensors.size} in all`,
      fix: damaged,
    });
  const heads = keys["attention.head_count"];
  const headDim = keys["attention.key_length"] ?? keys.embedding_length / heads;
  const has = (tensor: string) => tensors.has(tensor);
  const config: TransformerConfig = {
    architecture: known.family.architecture,
    hiddenSize: keys.embedding_length,
    layers: keys.block_count,
    heads,
    kvHeads: keys["attention.head_count_kv"] ?? heads,
    headDim,
    intermediateSize: keys.feed_forward_length,
    vocabSize: tensors.get("token_embd.weight")?.shape[0] ?? 0,
    rmsEps: written(keys["attention.layer_norm_rms_epsilon"]),
    ropeTheta: written(keys["rope.freq_base"]),
    ropeScaling: linearScaling(keys),
    tied: !has("output.weight"),
    qkvBias: has("blk.0.attn_q.bias"),
    oBias: has("blk.0.attn_output.bias"),
    mlpBias: has("blk.0.ffn_up.bias"),
    maxPositions: keys.context_length,
    ...specialIds(gguf),
  };
  checkHeads(config, keys, file);
  const llama3 = llama3Scaling(gguf, config);
  if (llama3) config.ropeScaling = llama3;
  return { config: sameWhenWritten(config, known.family, file), rotated: known.rotated };
}

/** Metadata under a prefix, without it. */
function keysBelow({ metadata }: GgufFile, prefix: string): Record<string, unknown> {
  const below = [...metadata].filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(below.map(([key, value]) => [key.slice(prefix.length), value]));
}

/** The shortest number with that float32, as which it was written: 1e-5 for 0.00000999…. */
function written(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === Math.fround(x)) return short;
  }
  return x;
}

function linearScaling(keys: ModelKeys): RopeScaling | undefined {
  const factor = keys["rope.scaling.type"] === "linear" ? keys["rope.scaling.factor"] : keys["rope.scale_linear"];
  return factor === undefined || factor === 1 ? undefined : { type: "linear", factor: written(factor) };
}

function specialIds({ file, metadata }: GgufFile): Pick<TransformerConfig, "bosId" | "eosIds" | "padId"> {
  const ids = parseRow(tokenSchema, Object.fromEntries(metadata), `${file}, tokenizer.ggml.*`);
  const ends = [
    ids["tokenizer.ggml.eos_token_id"],
    ids["tokenizer.ggml.eot_token_id"],
    ids["tokenizer.ggml.eom_token_id"],
  ];
  return {
    bosId: ids["tokenizer.ggml.bos_token_id"],
    eosIds: [...new Set(ends.filter((end) => end !== undefined))],
    padId: ids["tokenizer.ggml.padding_token_id"],
  };
}

function checkHeads({ headDim }: TransformerConfig, keys: ModelKeys, file: string): void {
  const turned = keys["rope.dimension_count"] ?? headDim;
  if (turned !== headDim) throw unsupported(file, `rope.dimension_count ${headDim}, the size of a head`, `${turned}`);
  const value = keys["attention.value_length"] ?? headDim;
  if (value !== headDim) throw unsupported(file, `attention.value_length ${headDim}, as of keys`, `${value}`);
}

/**
 * Llama 3.1's scaling. A GGUF file has only what each frequency is divided by: 1 for fast rotations, `factor` for slow
 * ones, and between the two 1 / ((1 - s) / factor + s), where s is linear in the frequency. `lowFreqFactor` is 1 in all
 * models, without loss: only ratios count.
 * @throws UserError for factors that are not of this kind
 */
function llama3Scaling(gguf: GgufFile, config: TransformerConfig): RopeScaling | undefined {
  const tensor = gguf.tensors.get(ropeFactors);
  if (!tensor) return undefined;
  if (tensor.shape.join() !== `${config.headDim / 2}`)
    throw unsupported(gguf.file, `${ropeFactors} [${config.headDim / 2}]`, `[${tensor.shape.join(", ")}]`);
  const factors = [...readNumbers(gguf.file, tensor)];
  const frequencies = ropeInverseFrequencies({ ...config, ropeScaling: undefined });
  const factor = Math.max(...factors);
  const blends = factors.flatMap((f, i) =>
    f > 1 && f < factor
      ? [{ turns: frequencies[i]! / (2 * Math.PI), smooth: (1 / f - 1 / factor) / (1 - 1 / factor) }]
      : [],
  );
  const [first, last] = [blends[0], blends.at(-1)];
  if (first && last && first !== last) {
    const slope = (first.smooth - last.smooth) / (first.turns - last.turns); // original / (high - 1)
    const high = 1 + 1 / (slope * first.turns - first.smooth);
    const ropeScaling: RopeScaling = {
      type: "llama3",
      factor: written(factor),
      lowFreqFactor: 1,
      highFreqFactor: Number(high.toPrecision(3)),
      originalMaxPositions: Math.round(slope * (high - 1)),
    };
    const scaled = ropeInverseFrequencies({ ...config, ropeScaling });
    if (factors.every((f, i) => Math.abs((f * scaled[i]!) / frequencies[i]! - 1) < 1e-4)) return ropeScaling;
  }
  throw unsupported(gguf.file, `${ropeFactors} of llama3 scaling`, "other factors");
}

/** As the folder will say it. @throws UserError for what config.json of the family cannot say */
function sameWhenWritten(config: TransformerConfig, family: Family, file: string): TransformerConfig {
  const { qkvBias, oBias, mlpBias } = config;
  const are = (on: boolean) => (on ? "with" : "without");
  if (family === qwen2 ? !qkvBias || oBias || mlpBias : qkvBias !== oBias)
    throw unsupported(
      file,
      `biases as ${family.architecture} has them`,
      `q, k, v ${are(qkvBias)}, output ${are(oBias)}, ffn ${are(mlpBias)}`,
    );
  return family.read(family.write(config), file);
}

/**
 * What training takes at published sizes: seeded weights in bfloat16, pairs of a 40-token prompt and two completions of
 * 250.
 */
import { spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import path from "node:path";
import { projectRoot, writeFileAtomic } from "../../lib/base/files";
import { Rng } from "../../lib/base/rng";
import type { Table } from "../../lib/show/table";
import { weightCount, weightShapes } from "../../lib/model/weights";
import { parseConfig } from "../../lib/model/configFile";
import type { TransformerConfig } from "../../lib/model/config";
import { tokenizerFileNames } from "../../lib/text/tokenizerFiles";
import { benchFolder } from "./peers";
import { completionTokens, promptTokens, type ShapePoint, type ShapeTaken } from "./shapePoint";

const llama = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  max_position_embeddings: 131072,
  vocab_size: 128256,
  dtype: "bfloat16",
};
const configs = {
  "SmolLM2-135M": {
    ...llama,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49152,
    tie_word_embeddings: true,
  },
  "Llama-3.2-1B": {
    ...llama,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 64,
    tie_word_embeddings: true,
  },
  "Llama-3.1-8B": {
    ...llama,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
  },
};
const lora = { rank: 16, alpha: 32, targets: ["q_proj", "v_proj"], rslora: false } as const;

/** A row: what is trained how, on a folder that is written when it is first needed. */
export interface ShapeRow extends ShapeTaken, Omit<ShapePoint, "dir" | "memory"> {
  shape: keyof typeof configs;
  weights: number;
  teraflop: number;
}
const points: Omit<ShapeRow, keyof ShapeTaken | "weights" | "teraflop">[] = [
  { shape: "SmolLM2-135M", microbatch: 1 },
  { shape: "SmolLM2-135M", microbatch: 1, gradientCheckpointing: true },
  { shape: "SmolLM2-135M", microbatch: 8, gradientCheckpointing: true },
  { shape: "Llama-3.2-1B", microbatch: 1, lora },
  { shape: "Llama-3.2-1B", microbatch: 1, lora, gradientCheckpointing: true },
  { shape: "Llama-3.2-1B", microbatch: 8, lora, gradientCheckpointing: true },
  { shape: "Llama-3.1-8B", microbatch: 1, lora, gradientCheckpointing: true },
];

/** @param memory of the machine: what is planned beyond it is left out, with a line */
export function measureShapes(memory: number): ShapeRow[] {
  return points.flatMap((point) => {
    const { shape, ...options } = point;
    const dir = seededShape(shape);
    const config = parseConfig(configs[shape], shape);
    const how = [
      `microbatch ${point.microbatch}`,
      ...(point.lora ? ["adapter"] : []),
      ...(point.gradientCheckpointing ? ["gradient checkpointing"] : []),
    ];
    process.stdout.write(`  ${[shape, ...how].join(", ")}\n`);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", path.join(__dirname, "shapePoint.ts"), JSON.stringify({ dir, memory, ...options })],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`${shape}: ${stderr}`);
    const taken = JSON.parse(stdout) as ShapeTaken | { planned: number };
    if ("taken" in taken)
      return [{ ...point, weights: weightCount(config), teraflop: pairFlops(config, point) / 1e12, ...taken }];
    const [planned, has] = [taken.planned, memory].map((bytes) => `${(bytes / 1e9).toFixed(1)} GB`);
    process.stdout.write(`  left out: ${planned} are planned, this machine has ${has}\n`);
    return [];
  });
}

/**
 * Operations of a step for a pair: two for every weight that a token passes, forth, again where layers are recomputed,
 * back to the token, and back to the weight where that is trained; attention by its full squares.
 */
function pairFlops(
  config: TransformerConfig,
  { lora, gradientCheckpointing }: Pick<ShapePoint, "lora" | "gradientCheckpointing">,
): number {
  const { vocabSize, hiddenSize, layers, heads, headDim, tied } = config;
  const tokens = promptTokens + 2 * completionTokens;
  const targets = completionTokens; // the prompt once; the mask keeps half of either side
  const inLayers = weightCount(config) - (tied ? 1 : 2) * vocabSize * hiddenSize;
  const scores = 2 * (promptTokens + completionTokens) ** 2;
  const back = lora ? 1 : 2;
  const passes = 1 + (gradientCheckpointing ? 1 : 0);
  return (
    2 * tokens * inLayers * (passes + back) +
    2 * targets * vocabSize * hiddenSize * (1 + back) +
    4 * scores * layers * heads * headDim * (passes + 2)
  );
}

/**
 * A Hugging Face folder of that shape: normal weights of standard deviation 0.02, of which a million are drawn and
 * repeated.
 */
export function seededShape(name: keyof typeof configs): string {
  const dir = path.join(benchFolder, "models", name);
  const file = path.join(dir, "model.safetensors");
  if (existsSync(file)) return dir;
  mkdirSync(dir, { recursive: true });
  writeFileAtomic(path.join(dir, "config.json"), JSON.stringify(configs[name]));
  for (const name of tokenizerFileNames) {
    const source = path.join(projectRoot, "data/atlas/base", name);
    if (existsSync(source)) copyFileSync(source, path.join(dir, name));
  }
  const rng = new Rng(name);
  const drawn = Float32Array.from({ length: 1 << 20 }, () => 0.02 * rng.normal());
  const block = new Uint16Array(drawn.length);
  const ones = new Uint16Array(1 << 16).fill(0x3f80);
  const bits = new Uint32Array(drawn.buffer);
  bits.forEach((x, i) => (block[i] = x >> 16));
  let offset = 0;
  const shapes = [...weightShapes(parseConfig(configs[name], name))];
  const header = JSON.stringify(
    Object.fromEntries(
      shapes.map(([weight, shape]) => [
        weight,
        { dtype: "BF16", shape, data_offsets: [offset, (offset += shape.reduce((a, b) => a * b, 2))] },
      ]),
    ),
  );
  const length = Buffer.alloc(8);
  const padded = Buffer.from(header.padEnd(Math.ceil(header.length / 8) * 8));
  const fd = openSync(`${file}.part`, "w");
  length.writeBigUInt64LE(BigInt(padded.length));
  writeSync(fd, Buffer.concat([length, padded]));
  for (const [weight, shape] of shapes) {
    const source = weight.endsWith("norm.weight") ? ones : block;
    const bytes = shape.reduce((a, b) => a * b, 2);
    for (let done = 0; done < bytes; done += source.byteLength)
      writeSync(fd, new Uint8Array(source.buffer, 0, Math.min(source.byteLength, bytes - done)));
  }
  closeSync(fd);
  renameSync(`${file}.part`, file);
  return dir;
}

export function shapeTable(rows: readonly ShapeRow[]): Table {
  return {
    name: "bench-shapes",
    caption:
      "Training at published sizes on the CPU: seeded bfloat16 weights, pairs of a 40-token prompt and two " +
      "completions of 250 tokens; memory as planned and as the process took it at its peak; operations of a pair in " +
      "a step as computed; seconds a pair of a step (forward, backward, update) and of the reference's pass",
    columns: [
      { key: "shape", label: "Shape" },
      { key: "weights", label: "Weights (M)", digits: 0 },
      { key: "trained", label: "Trained" },
      { key: "checkpointing", label: "Gradient checkpointing" },
      { key: "microbatch", label: "Microbatch", digits: 0 },
      { key: "planned", label: "Planned (GB)", digits: 1 },
      { key: "taken", label: "Taken (GB)", digits: 1 },
      { key: "teraflop", label: "TFLOP a pair, step", digits: 1 },
      { key: "step", label: "s a pair, step", digits: 1 },
      { key: "reference", label: "s a pair, reference", digits: 1 },
    ],
    rows: rows.map(
      ({ shape, weights, lora, gradientCheckpointing, microbatch, planned, taken, teraflop, step, reference }) => ({
        shape,
        weights: weights / 1e6,
        trained: lora ? `adapter, rank ${lora.rank}` : "all weights",
        checkpointing: gradientCheckpointing ? "yes" : "no",
        microbatch,
        planned: planned / 1e9,
        taken: taken / 1e9,
        teraflop,
        step,
        reference,
      }),
    ),
  };
}

/**
 * Low-rank adapters as PEFT reads and writes them: beside a frozen weight W [out, in] stand A [r, in] and B [out, r],
 * and the layer computes x W^T + s (x A^T) B^T with s = alpha / r, or alpha / sqrt(r) where rank-stabilised (rslora). A
 * starts uniform in ±1/sqrt(in), B at zero, so that a fresh adapter changes nothing: the reference of training is the
 * policy as it starts, and no second copy of the weights is held.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { restoreFolder, writeFileAtomic, writeFolderAtomic } from "../base/files";
import { parseJson, parseRow, readText } from "../base/jsonl";
import type { Rng } from "../base/rng";
import { tokenizerFileNames } from "../text/tokenizerFiles";
import { finite, weightShapes, type OpenCheckpoint } from "./checkpoint";
import type { LlamaConfig } from "./config";
import type { Params } from "./llama";
import { readSafetensors, writeSafetensors, type HostTensor } from "./safetensors";

export const loraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type LoraTarget = (typeof loraTargets)[number];

export interface LoraConfig {
  rank: number;
  alpha: number;
  /** Projections that are adapted, in every layer. */
  targets: readonly LoraTarget[];
  rslora: boolean;
}

/** An adapter outside the engine, its tensors named `<projection>.lora_A.weight` and `<projection>.lora_B.weight`. */
export interface Adapter {
  config: LoraConfig;
  tensors: Map<string, HostTensor>;
}

const peftPrefix = "base_model.model.";
const marker = "adapter_config.json";

/** s, what an adapter's product is multiplied by. */
export function loraScale({ rank, alpha, rslora }: LoraConfig): number {
  return alpha / (rslora ? Math.sqrt(rank) : rank);
}

/** Names and shapes of an adapter's tensors, in the model's order. */
export function adapterShapes(
  model: LlamaConfig,
  { rank, targets }: Pick<LoraConfig, "rank" | "targets">,
): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const [name, [out, input]] of weightShapes(model)) {
    const projection = /^(.+\.(\w+))\.weight$/.exec(name);
    if (!projection || !(targets as readonly string[]).includes(projection[2]!)) continue;
    shapes.set(`${projection[1]}.lora_A.weight`, [rank, input!]);
    shapes.set(`${projection[1]}.lora_B.weight`, [out!, rank]);
  }
  return shapes;
}

/** A fresh adapter. */
export function initialAdapter(model: LlamaConfig, config: LoraConfig, rng: Rng): Adapter {
  const tensors = new Map(
    [...adapterShapes(model, config)].map(([name, shape]): [string, HostTensor] => {
      const data = new Float32Array(shape[0]! * shape[1]!);
      const bound = 1 / Math.sqrt(shape[1]!);
      const stream = rng.fork(name);
      if (name.endsWith(".lora_A.weight"))
        for (let i = 0; i < data.length; i++) data[i] = bound * (2 * stream.next() - 1);
      return [name, { shape, data }];
    }),
  );
  return { config, tensors };
}

/**
 * Parameters of the adapted model: those of the base and the adapter's, its B times `scale`. Part of what gradients go
 * through.
 */
export function adapted(base: Params, adapter: Params, scale: number): Params {
  return {
    ...base,
    ...Object.fromEntries(
      Object.entries(adapter).map(([name, t]) => [name, name.endsWith(".lora_B.weight") ? tf.mul(t, scale) : t]),
    ),
  };
}

const configSchema = z
  .object({
    peft_type: z.literal("LORA"),
    r: z.number().int().positive(),
    lora_alpha: z.number().positive(),
    target_modules: z.array(z.string()).min(1),
    use_rslora: z.boolean().default(false),
    init_lora_weights: z.unknown(),
  })
  .passthrough();
/** Keys that say nothing about what an adapter computes: dropout acts in training only. */
const silent = [
  "task_type",
  "base_model_name_or_path",
  "revision",
  "inference_mode",
  "lora_dropout",
  "auto_mapping",
  "peft_version",
  "megatron_core",
  "qalora_group_size",
];

/**
 * Reads a folder that PEFT, or `writeAdapter`, left.
 * @param model what it must fit
 * @throws UserError for a missing file, an option that is not supported (named), or tensors that are not this adapter's
 */
export function readAdapter(dir: string, model: LlamaConfig): Adapter {
  restoreFolder(dir);
  const file = path.join(dir, marker);
  const row = parseRow(configSchema, parseJson(readText(file), file), file);
  const {
    peft_type: _,
    r: rank,
    lora_alpha: alpha,
    target_modules,
    use_rslora: rslora,
    init_lora_weights: start,
    ...rest
  } = row;
  const refuse = (expected: string, got: unknown): never => {
    throw new UserError({
      where: file,
      expected,
      got: brief(got),
      fix: "Merge this adapter with PEFT and use the merged checkpoint.",
    });
  };
  for (const [key, value] of Object.entries(rest)) {
    const off =
      value === null ||
      value === false ||
      value === "none" ||
      (typeof value === "object" && Object.keys(value).length === 0);
    if (!off && !silent.includes(key)) refuse(`an adapter without ${key}`, value);
  }
  if (typeof start === "string" && start !== "gaussian")
    refuse("an adapter that leaves the base as it is (init_lora_weights)", start);
  const other = target_modules.find((name) => !(loraTargets as readonly string[]).includes(name));
  if (other !== undefined) refuse(`target_modules among ${loraTargets.join(", ")}`, other);
  const config: LoraConfig = {
    rank,
    alpha,
    targets: loraTargets.filter((name) => target_modules.includes(name)),
    rslora,
  };
  const weights = path.join(dir, "adapter_model.safetensors");
  const reader = readSafetensors(weights);
  const shapes = adapterShapes(model, config);
  const extra = reader.names.find((name) => !name.startsWith(peftPrefix) || !shapes.has(name.slice(peftPrefix.length)));
  const fix = "Check that the adapter belongs to this model.";
  if (extra !== undefined)
    throw new UserError({
      where: weights,
      expected: "no tensors but lora_A and lora_B of the target modules",
      got: brief(extra),
      fix,
    });
  const tensors = new Map(
    [...shapes].map(([name, shape]): [string, HostTensor] => {
      const tensor = reader.get(peftPrefix + name);
      if (tensor.shape.join() !== shape.join())
        throw new UserError({
          where: weights,
          expected: `${name} of shape [${shape.join(", ")}]`,
          got: `[${tensor.shape.join(", ")}]`,
          fix,
        });
      return [name, finite(tensor, name, weights)];
    }),
  );
  return { config, tensors };
}

/**
 * Writes a folder that PEFT loads, whole or not at all, with the files of the base's tokenizer.
 * @throws UserError when `dir` holds something else
 */
export function writeAdapter(dir: string, { config, tensors }: Adapter, baseDir: string): void {
  writeFolderAtomic(dir, { marker, what: "an adapter" }, (next) => {
    writeSafetensors(
      path.join(next, "adapter_model.safetensors"),
      new Map([...tensors].map(([name, tensor]) => [peftPrefix + name, tensor])),
    );
    const row = {
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      base_model_name_or_path: baseDir,
      r: config.rank,
      lora_alpha: config.alpha,
      target_modules: config.targets,
      use_rslora: config.rslora,
      lora_dropout: 0,
      bias: "none",
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      modules_to_save: null,
    };
    writeFileAtomic(path.join(next, marker), `${JSON.stringify(row, null, 2)}\n`);
    for (const name of tokenizerFileNames)
      if (existsSync(path.join(baseDir, name)))
        writeFileAtomic(path.join(next, name), readFileSync(path.join(baseDir, name)));
  });
}

/** The weights with the adapter added, W + s B A, each made when it is asked for. */
export function mergedTensors({ shapes, read }: OpenCheckpoint, { config, tensors }: Adapter): Map<string, HostTensor> {
  return new Map(
    [...shapes].map(([name, shape]): [string, HostTensor] => {
      const projection = name.replace(/\.weight$/, "");
      const A = tensors.get(`${projection}.lora_A.weight`);
      const B = tensors.get(`${projection}.lora_B.weight`);
      return [
        name,
        {
          shape: [...shape],
          get data() {
            return A && B ? merged(read(name), A.data, B.data, config) : read(name).data;
          },
        },
      ];
    }),
  );
}

function merged({ shape, data }: HostTensor, A: Float32Array, B: Float32Array, config: LoraConfig): Float32Array {
  const [out, input] = shape as [number, number];
  const scale = loraScale(config);
  const sum = new Float64Array(input);
  for (let row = 0; row < out; row++) {
    sum.fill(0);
    for (let k = 0; k < config.rank; k++) {
      const b = scale * B[row * config.rank + k]!;
      const from = k * input;
      for (let i = 0; i < input; i++) sum[i]! += b * A[from + i]!;
    }
    for (let i = 0; i < input; i++) data[row * input + i]! += sum[i]!;
  }
  return data;
}

/**
 * Low-rank adapters (PEFT's files: `peft.ts`): beside a frozen weight W [out, in] stand A [r, in] and B [out, r], and
 * the layer computes x W^T + s (x A^T) B^T with s = alpha / r, or alpha / sqrt(r) where rank-stabilised (rslora).
 * A starts uniform in ±1/sqrt(in), B at zero, so that a fresh adapter changes nothing: the reference of training is the
 * policy as it starts, and no second copy of the weights is held.
 */
import * as tf from "@tensorflow/tfjs";
import { UserError, brief } from "../../base/check";
import type { Rng } from "../../base/rng";
import type { OpenCheckpoint } from "../checkpoint";
import type { TransformerConfig } from "../config";
import type { Params } from "../params";
import type { HostTensor } from "../safetensors/safetensors";
import { loraTargets, weightShapes } from "../weights";

export interface LoraConfig {
  rank: number;
  alpha: number;
  /**
   * Projections that are adapted, in the model's order (`inModelOrder`): in every layer, or where another's adapter has
   * tensors.
   */
  targets: readonly string[];
  rslora: boolean;
}

/** An adapter outside the engine, its tensors named `<projection>.lora_A.weight` and `<projection>.lora_B.weight`. */
export interface Adapter {
  config: LoraConfig;
  tensors: Map<string, HostTensor>;
}

/** s, what an adapter's product is multiplied by. */
export function loraScale({ rank, alpha, rslora }: LoraConfig): number {
  return alpha / (rslora ? Math.sqrt(rank) : rank);
}

/** Targets in the model's order, each once. @throws UserError for one that the model has not */
export function inModelOrder(model: TransformerConfig, targets: readonly string[]): string[] {
  const known = loraTargets(model);
  const other = targets.find((name) => !known.includes(name));
  if (other === undefined) return known.filter((name) => targets.includes(name));
  throw new UserError({
    where: "--lora-targets",
    expected: `names among ${known.join(", ")}, separated by commas`,
    got: brief(other),
    fix: `Those are the projections of ${model.architecture}.`,
  });
}

/** Names and shapes of an adapter's tensors, in the model's order. @throws UserError as `inModelOrder` */
export function adapterShapes(
  model: TransformerConfig,
  { rank, targets }: Pick<LoraConfig, "rank" | "targets">,
): Map<string, number[]> {
  const adapts = inModelOrder(model, targets);
  const shapes = new Map<string, number[]>();
  for (const [name, [out, input]] of weightShapes(model)) {
    const projection = /^(.+\.(\w+))\.weight$/.exec(name);
    if (!projection || !adapts.includes(projection[2]!)) continue;
    shapes.set(`${projection[1]}.lora_A.weight`, [rank, input!]);
    shapes.set(`${projection[1]}.lora_B.weight`, [out!, rank]);
  }
  return shapes;
}

/** A fresh adapter. */
export function initialAdapter(model: TransformerConfig, config: LoraConfig, rng: Rng): Adapter {
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

/**
 * A checkpoint with the adapter added to its weights, W + s B A. Sums have 32 bits: what is adapted has no halves.
 * Reading throws a UserError for a weight that is not finite.
 */
export function mergedCheckpoint(base: OpenCheckpoint, { config, tensors }: Adapter): OpenCheckpoint {
  const parts = (name: string) => {
    const projection = name.replace(/\.weight$/, "");
    const A = tensors.get(`${projection}.lora_A.weight`);
    const B = tensors.get(`${projection}.lora_B.weight`);
    return A && B && { A: A.data, B: B.data };
  };
  return {
    ...base,
    read: (name, room) => {
      const weight = base.read(name, room);
      const own = parts(name);
      return own ? { ...weight, data: checked(merged(weight, own.A, own.B, config), name) } : weight;
    },
    half: (name) => (parts(name) ? undefined : base.half(name)),
  };
}

/** The weights of `mergedCheckpoint`, each made when it is asked for. */
export function mergedTensors(base: OpenCheckpoint, adapter: Adapter): Map<string, HostTensor> {
  const { shapes, read } = mergedCheckpoint(base, adapter);
  return new Map(
    [...shapes].map(([name, shape]): [string, HostTensor] => [
      name,
      {
        shape: [...shape],
        get data() {
          return read(name).data;
        },
      },
    ]),
  );
}

function checked(data: Float32Array, name: string): Float32Array {
  const bad = data.find((value) => !Number.isFinite(value));
  if (bad === undefined) return data;
  throw new UserError({
    expected: `finite numbers in weight ${name} with the adapter`,
    got: `${bad}`,
    fix: "The adapter is damaged or its training diverged; use an earlier one.",
  });
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

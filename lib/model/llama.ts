/**
 * The Llama decoder (and Qwen2's, which differs by biases) as a function of its parameters, named and shaped as
 * Hugging Face writes them. N packed tokens, D hidden size, V vocabulary, H heads over K key-value heads of size h.
 */
import * as tf from "@tensorflow/tfjs";
import {
  AngleTable,
  causalMask,
  pairedRows,
  ropeAttention,
  type Angles,
  type AttentionRows,
} from "../engine/attention";
import { isHalf, timesFrozen, timesWeight, widened, widenedRows } from "../engine/half";
import { rmsNorm, swiglu, takeRows } from "../engine/kernels";
import { recomputed } from "../engine/recompute";
import type { LlamaConfig } from "./config";
import { packSequences, type Packing } from "./packing";
import { ropeInverseFrequencies } from "./rope";
import type { HostTensor } from "./safetensors";

/** Weights by their Hugging Face name, e.g. "model.layers.0.self_attn.q_proj.weight" [out, in]. */
export type Params = Record<string, tf.Tensor>;

/** Weights onto the engine; the caller disposes them. */
export function uploadParams(tensors: ReadonlyMap<string, HostTensor>): Params {
  return Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
}

/** Weights off the engine. */
export async function downloadParams(params: Params): Promise<Map<string, HostTensor>> {
  return new Map(
    await Promise.all(
      Object.entries(params).map(async ([name, t]): Promise<[string, HostTensor]> => [
        name,
        { shape: t.shape.slice(), data: Float32Array.from(await t.data()) },
      ]),
    ),
  );
}

/** A parameter by name; throws when absent. */
export function param<T extends tf.Tensor>(params: Params, name: string): T {
  const tensor = params[name];
  if (!tensor) throw new Error(`param: expected a tensor named "${name}", got ${Object.keys(params).length} others`);
  return tensor as T;
}

/**
 * x [N, in] -> [N, out] by `<name>.weight` [out, in] and, where there are any, `<name>.bias` [out] and an adapter
 * (`lora.ts`).
 * @param frozen whether the weight itself is not trained
 */
function linear(params: Params, name: string, x: tf.Tensor2D, frozen: boolean): tf.Tensor2D {
  const weight = param<tf.Tensor2D>(params, `${name}.weight`);
  const plain = frozen ? timesFrozen(x, () => widened(weight)) : timesWeight(x, weight);
  const low = lowRank(params, name, x, params[`${name}.lora_B.weight`]);
  const product: tf.Tensor2D = low ? tf.add(plain, low) : plain;
  const bias = params[`${name}.bias`];
  return bias ? tf.add(product, bias) : product;
}

/** x A^T B^T [N, out] of an adapter on `name`, whose B [out, r] is given; undefined where there is none. */
function lowRank(params: Params, name: string, x: tf.Tensor2D, B: tf.Tensor | undefined): tf.Tensor2D | undefined {
  return (
    B &&
    tf.matMul<tf.Tensor2D>(
      tf.matMul(x, param<tf.Tensor2D>(params, `${name}.lora_A.weight`), false, true),
      B as tf.Tensor2D,
      false,
      true,
    )
  );
}

/** Name of the matrix that turns hidden states into logits [V, D]. */
export function headName(config: LlamaConfig): string {
  return config.tied ? "model.embed_tokens.weight" : "lm_head.weight";
}

const isAdapters = (name: string): boolean => /\.lora_[AB]\.weight$/.test(name);

/** Whether all parameters are frozen but those of an adapter (`lora.ts`) among them. */
export function isAdapted(params: Params): boolean {
  return Object.keys(params).some(isAdapters);
}

interface AttentionInputs {
  rows: AttentionRows;
  angles: Angles;
}

/**
 * The forward pass with its constant tables, which live until `dispose`. With `gradientCheckpointing` the gradient
 * keeps of a layer only its input and computes the layer again: a third more work (with an adapter a half), far less
 * memory, the same numbers.
 */
export class Llama {
  private readonly angles: AngleTable;
  private readonly masks = new Map<number, tf.Tensor2D>();
  private readonly queryRows: tf.Tensor1D | undefined;
  private readonly keyRows: tf.Tensor1D | undefined;

  constructor(
    readonly config: LlamaConfig,
    readonly gradientCheckpointing = false,
  ) {
    this.angles = new AngleTable(ropeInverseFrequencies(config));
    const query = pairedRows(config.heads, config.headDim);
    const key = pairedRows(config.kvHeads, config.headDim);
    this.queryRows = query && tf.tensor1d(query, "int32");
    this.keyRows = key && tf.tensor1d(key, "int32");
  }

  /** Final normed hidden states [N, D] of packed tokens. */
  hidden(params: Params, packing: Packing): tf.Tensor2D {
    return this.states(params, packing).at(-1)!;
  }

  /**
   * Hidden states [N, D] by layer, as transformers' `hidden_states`: the embeddings, the output of every block but the
   * last, the last one's normed.
   */
  states(params: Params, packing: Packing): tf.Tensor2D[] {
    const { config } = this;
    const frozen = isAdapted(params);
    const inputs = this.gradientCheckpointing ? undefined : this.attentionInputs(packing);
    const embeddings = param<tf.Tensor2D>(params, "model.embed_tokens.weight");
    const ids = tf.tensor1d(packing.ids, "int32");
    let x = frozen || isHalf(embeddings) ? widenedRows(embeddings, ids) : takeRows(embeddings, ids);
    const states = [x];
    for (let i = 0; i < config.layers; i++) {
      x = inputs ? this.block(params, i, x, inputs, frozen) : this.recomputedBlock(params, i, x, packing, frozen);
      states.push(x);
    }
    states[config.layers] = rmsNorm(x, param<tf.Tensor1D>(params, "model.norm.weight"), config.rmsEps);
    return states;
  }

  /** x [N, D] through layer i. */
  private block(
    params: Params,
    i: number,
    x: tf.Tensor2D,
    { rows, angles }: AttentionInputs,
    frozen: boolean,
  ): tf.Tensor2D {
    const layer = `model.layers.${i}`;
    const project = (name: string, x: tf.Tensor2D) => linear(params, `${layer}.${name}`, x, frozen);
    const norm = (name: string, x: tf.Tensor2D) =>
      rmsNorm(x, param<tf.Tensor1D>(params, `${layer}.${name}.weight`), this.config.rmsEps);
    const h = norm("input_layernorm", x);
    const attended: tf.Tensor2D = tf.add(
      x,
      project(
        "self_attn.o_proj",
        ropeAttention(
          this.queriesAndKeys(params, layer, h, frozen),
          project("self_attn.v_proj", h),
          this.config,
          angles,
          rows,
        ),
      ),
    );
    const m = norm("post_attention_layernorm", attended);
    return tf.add(attended, project("mlp.down_proj", swiglu(project("mlp.gate_proj", m), project("mlp.up_proj", m))));
  }

  /**
   * The same, of which only what is trained and x are kept; the indices are made again, as they do not outlive the way
   * forth.
   */
  private recomputedBlock(params: Params, i: number, x: tf.Tensor2D, packing: Packing, frozen: boolean): tf.Tensor2D {
    const names = Object.keys(params).filter(
      (name) => name.startsWith(`model.layers.${i}.`) && (!frozen || isAdapters(name)),
    );
    return recomputed([x, ...names.map((name) => params[name]!)], ([x, ...own]) =>
      this.block(
        { ...params, ...Object.fromEntries(names.map((name, j) => [name, own[j]!])) },
        i,
        x,
        this.attentionInputs(packing),
        frozen,
      ),
    );
  }

  /** Logits [R, T, V] of ids [R][T]: for checks; training computes them only where the loss looks (`engine/head`). */
  logits(params: Params, ids: readonly ArrayLike<number>[]): tf.Tensor3D {
    return tf.tidy(() => {
      const packing = packSequences(ids);
      const hidden = tf.gather(
        this.hidden(params, packing),
        tf.tensor1d(
          packing.tokens.flatMap((row) => Array.from(row)),
          "int32",
        ),
      );
      return tf.reshape(timesWeight(hidden, param<tf.Tensor2D>(params, headName(this.config))), [
        ids.length,
        ids[0]!.length,
        this.config.vocabSize,
      ]) as tf.Tensor3D;
    });
  }

  dispose(): void {
    tf.dispose([...this.masks.values(), this.queryRows, this.keyRows].filter((t) => t !== undefined));
    this.masks.clear();
    this.angles.dispose();
  }

  /**
   * h [N, D] -> [N, (H+K)*h]: one projection, since both are rotated; the scale of attention goes on the query weights.
   */
  private queriesAndKeys(params: Params, layer: string, h: tf.Tensor2D, frozen: boolean): tf.Tensor2D {
    const part = (
      name: string,
      kind: "weight" | "bias" | "lora_B.weight",
      rows: tf.Tensor1D | undefined,
      scale: number,
    ): tf.Tensor | undefined => {
      const t = params[`${layer}.self_attn.${name}.${kind}`];
      if (!t) return undefined;
      const whole = widened(t as tf.Tensor2D);
      const taken = rows ? (kind === "bias" ? tf.gather(t, rows) : takeRows(whole, rows)) : whole;
      return scale === 1 ? taken : tf.mul(taken, scale);
    };
    const { heads, kvHeads, headDim } = this.config;
    const query = (kind: Parameters<typeof part>[1]) => part("q_proj", kind, this.queryRows, 1 / Math.sqrt(headDim));
    const key = (kind: Parameters<typeof part>[1]) => part("k_proj", kind, this.keyRows, 1);
    const both = (kind: "weight" | "bias"): tf.Tensor | undefined => {
      const q = query(kind);
      const k = key(kind);
      return q && k && tf.concat([q, k], 0);
    };
    const weight = () => both("weight") as tf.Tensor2D;
    const bias = both("bias");
    const plain: tf.Tensor2D = frozen ? timesFrozen(h, weight) : tf.matMul(h, weight(), false, true);
    const lowQ = lowRank(params, `${layer}.self_attn.q_proj`, h, query("lora_B.weight"));
    const lowK = lowRank(params, `${layer}.self_attn.k_proj`, h, key("lora_B.weight"));
    const zeros = (n: number): tf.Tensor2D => tf.zeros([h.shape[0], n * headDim]);
    const product: tf.Tensor2D =
      lowQ || lowK ? tf.add(plain, tf.concat([lowQ ?? zeros(heads), lowK ?? zeros(kvHeads)], 1)) : plain;
    return bias ? tf.add(product, bias) : product;
  }

  /** Indices and angles of a packing. */
  private attentionInputs({ groups, slots, slotOf, positions }: Packing): AttentionInputs {
    const N = positions.length;
    // the last group is the longest
    const { cos, sin } = this.angles.at(tf.tensor1d(positions, "int32"), groups.at(-1)!.length);
    const owners = new Int32Array(slots.length).fill(N);
    slotOf.forEach((slot, token) => (owners[slot] = token));
    return {
      angles: { cos: tf.expandDims(cos, 1), sin: tf.expandDims(sin, 1) },
      rows: {
        groups: groups.map(({ rows, length }) => ({ rows, length, mask: this.mask(length) })),
        slots: tf.tensor1d(slots, "int32"),
        slotOf: tf.tensor1d(slotOf, "int32"),
        owners: tf.tensor1d(owners, "int32"),
      },
    };
  }

  private mask(length: number): tf.Tensor2D {
    let mask = this.masks.get(length);
    if (!mask) this.masks.set(length, (mask = tf.keep(causalMask(length))));
    return mask;
  }
}

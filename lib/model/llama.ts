/**
 * The Llama decoder (and Qwen2's, which differs by biases) as a function of its parameters, named and shaped as
 * Hugging Face writes them. B rows, T positions, D hidden size, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";
import { causalMask, pairedRows, ropeAttention, ropeTable, type RopeTable } from "../engine/attention";
import { rmsNorm, swiglu, takeRows } from "../engine/kernels";
import type { LlamaConfig } from "./config";
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
  return new Map(await Promise.all(Object.entries(params).map(async ([name, t]): Promise<[string, HostTensor]> => [name, { shape: t.shape.slice(), data: Float32Array.from(await t.data()) }])));
}

/** A parameter by name; throws when absent. */
export function param<T extends tf.Tensor>(params: Params, name: string): T {
  const tensor = params[name];
  if (!tensor) throw new Error(`param: expected a tensor named "${name}", got ${Object.keys(params).length} others`);
  return tensor as T;
}

/** x [N, in] -> [N, out] by `<name>.weight` [out, in] and, where there is one, `<name>.bias` [out]. */
function linear(params: Params, name: string, x: tf.Tensor2D, rows?: tf.Tensor1D): tf.Tensor2D {
  const weight = param<tf.Tensor2D>(params, `${name}.weight`);
  const bias = params[`${name}.bias`];
  const product: tf.Tensor2D = tf.matMul(x, rows ? takeRows(weight, rows) : weight, false, true);
  return bias ? tf.add(product, rows ? tf.gather(bias, rows) : bias) : product;
}

/** Name of the matrix that turns hidden states into logits [V, D]. */
export function headName(config: LlamaConfig): string {
  return config.tied ? "model.embed_tokens.weight" : "lm_head.weight";
}

/** The forward pass with its constant tables, which live until `dispose`. */
export class Llama {
  private readonly inverseFrequencies: Float32Array;
  private readonly tables = new Map<number, { rope: RopeTable; mask: tf.Tensor2D }>();
  private readonly queryRows: tf.Tensor1D | undefined;
  private readonly keyRows: tf.Tensor1D | undefined;

  constructor(readonly config: LlamaConfig) {
    this.inverseFrequencies = ropeInverseFrequencies(config);
    const query = pairedRows(config.heads, config.headDim), key = pairedRows(config.kvHeads, config.headDim);
    this.queryRows = query && tf.tensor1d(query, "int32");
    this.keyRows = key && tf.tensor1d(key, "int32");
  }

  /** Final normed hidden states [B*T, D] of ids [B, T]; padding on the right. */
  hidden(params: Params, ids: tf.Tensor2D): tf.Tensor2D {
    const [rows, length] = ids.shape;
    const { rope, mask } = this.table(length);
    const { config } = this;
    const shape = { rows, heads: config.heads, kvHeads: config.kvHeads };
    let x = takeRows(param<tf.Tensor2D>(params, "model.embed_tokens.weight"), tf.reshape(ids, [-1]));
    for (let i = 0; i < config.layers; i++) {
      const layer = `model.layers.${i}`;
      const norm = (name: string, x: tf.Tensor2D) => rmsNorm(x, param<tf.Tensor1D>(params, `${layer}.${name}.weight`), config.rmsEps);
      const h = norm("input_layernorm", x);
      const q = linear(params, `${layer}.self_attn.q_proj`, h, this.queryRows);
      const k = linear(params, `${layer}.self_attn.k_proj`, h, this.keyRows);
      const v = linear(params, `${layer}.self_attn.v_proj`, h);
      x = tf.add(x, linear(params, `${layer}.self_attn.o_proj`, ropeAttention(q, k, v, shape, rope, mask)));
      const m = norm("post_attention_layernorm", x);
      x = tf.add(x, linear(params, `${layer}.mlp.down_proj`, swiglu(linear(params, `${layer}.mlp.gate_proj`, m), linear(params, `${layer}.mlp.up_proj`, m))));
    }
    return rmsNorm(x, param<tf.Tensor1D>(params, "model.norm.weight"), config.rmsEps);
  }

  /** Logits [B, T, V]: for checks; training computes them only where the loss looks (`engine/kernels.targetLogps`). */
  logits(params: Params, ids: tf.Tensor2D): tf.Tensor3D {
    return tf.tidy(() => {
      const logits = tf.matMul(this.hidden(params, ids), param<tf.Tensor2D>(params, headName(this.config)), false, true);
      return tf.reshape(logits, [...ids.shape, this.config.vocabSize]) as tf.Tensor3D;
    });
  }

  dispose(): void {
    for (const { rope, mask } of this.tables.values()) { rope.dispose(); mask.dispose(); }
    this.tables.clear();
    tf.dispose([this.queryRows, this.keyRows].filter((t) => t !== undefined));
  }

  /** Tables of a length are made once and kept: they are made outside any tidy. */
  private table(length: number): { rope: RopeTable; mask: tf.Tensor2D } {
    let table = this.tables.get(length);
    if (!table) {
      table = { rope: ropeTable(this.inverseFrequencies, length), mask: tf.keep(causalMask(length)) };
      this.tables.set(length, table);
    }
    return table;
  }
}

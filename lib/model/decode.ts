/**
 * One decoding step with a key-value cache. R rows, T new positions, H heads in groups of G over K key-value heads.
 *
 * The cache has two parts: `past`, and `recent` (at most 16 positions), because appending copies. Only the small
 * part is copied at every step, and it is merged into the large one now and then.
 */
import * as tf from "@tensorflow/tfjs";
import { isHalf, timesWeight, widened, widenedRows } from "../engine/half";
import { AngleTable, causalMask, pairedRows, rotation, type Angles } from "../engine/attention";
import { isLarge } from "./checkpoint";
import type { LlamaConfig } from "./config";
import { ropeInverseFrequencies } from "./rope";
import { headName, param, type Params } from "./llama";

const recentLimit = 16;

interface KeyValues {
  k: tf.Tensor4D;
  v: tf.Tensor4D;
} // [R, K, positions, h]

/**
 * Keys and values seen so far, a layer each. Prompts of different lengths end together: shorter ones begin with
 * padding.
 */
export interface Cache {
  length: number;
  /** where prompts differ in length: padding [R] before each, and what hides it from attention, [R, 1, 1, length] */
  padding?: { count: tf.Tensor1D; mask: tf.Tensor4D };
  layers: { past?: KeyValues; recent?: KeyValues }[];
}

/** An empty cache. */
export function emptyCache(config: LlamaConfig): Cache {
  return { length: 0, layers: Array.from({ length: config.layers }, () => ({})) };
}

/** Keeps (or repeats) rows [R'] of the cache; the old one is disposed. */
export function takeCacheRows(cache: Cache, rows: tf.Tensor1D): Cache {
  const take = (part?: KeyValues) => part && { k: tf.gather(part.k, rows), v: tf.gather(part.v, rows) };
  const layers = cache.layers.map(({ past, recent }) => ({ past: take(past), recent: take(recent) }));
  const padding = cache.padding && {
    count: tf.gather(cache.padding.count, rows),
    mask: tf.gather(cache.padding.mask, rows),
  };
  disposeCache(cache);
  return { length: cache.length, padding, layers };
}

export function disposeCache(cache: Cache): void {
  if (cache.padding) tf.dispose([cache.padding.count, cache.padding.mask]);
  for (const { past, recent } of cache.layers)
    for (const part of [past, recent]) if (part) tf.dispose([part.k, part.v]);
}

/** Disposes the parts of a layer that were not carried over unchanged. */
function disposeParts(old: Cache["layers"][number], { past, recent }: Cache["layers"][number]): void {
  for (const part of [old.past, old.recent]) if (part && part !== past && part !== recent) tf.dispose([part.k, part.v]);
}

/**
 * A projection [in, out], or [out, in] where weights are used in place, with its bias [out]. Queries and keys are
 * fused, since they are rotated together.
 */
interface Linear {
  weight: tf.Tensor2D;
  bias: tf.Tensor | undefined;
}
type Layer = Record<"qk" | "v" | "o" | "gate" | "up" | "down", Linear> & Record<"norm1" | "norm2", tf.Tensor>;

/** A frozen model arranged for decoding: weights transposed, the attention scale folded into the query weights. */
export class Decoder {
  private readonly layers: Layer[];
  private readonly embedding: tf.Tensor2D;
  private readonly head: tf.Tensor2D; // [D, V], in place [V, D]
  private readonly norm: tf.Tensor;
  private readonly angles: AngleTable;
  private readonly vocabulary: number;
  /** tensors made here */
  private readonly own: tf.Tensor[];

  /**
   * `params` stay the caller's.
   * @param vocabulary logits beyond this many ids are not computed
   * @param inPlace large weights are not copied but used where they are, and so are those in 16 bits (`engine/half`)
   */
  constructor(
    readonly config: LlamaConfig,
    params: Params,
    vocabulary = config.vocabSize,
    private readonly inPlace = isLarge(config) || Object.values(params).some(isHalf),
  ) {
    this.vocabulary = Math.min(vocabulary, config.vocabSize);
    this.angles = new AngleTable(ropeInverseFrequencies(config));
    const head = param<tf.Tensor2D>(params, headName(config));
    this.embedding = param<tf.Tensor2D>(params, "model.embed_tokens.weight");
    this.head = inPlace ? head : tf.tidy(() => tf.transpose(tf.slice(head, 0, this.vocabulary)));
    this.norm = tf.mul(param(params, "model.norm.weight"), Math.sqrt(config.hiddenSize));
    this.layers = Array.from({ length: config.layers }, (_, i) =>
      fuseLayer(config, params, `model.layers.${i}`, inPlace),
    );
    const callers = new Set<tf.Tensor | undefined>(Object.values(params));
    this.own = [
      this.head,
      this.norm,
      ...this.layers.flatMap(({ norm1, norm2, ...linears }) => [
        norm1,
        norm2,
        ...Object.values(linears).flatMap(({ weight, bias }) => [weight, bias]),
      ]),
    ].filter((t): t is tf.Tensor => t !== undefined && !callers.has(t));
  }

  /**
   * Logits [R, V] after ids [R, T], whose keys and values are added to the cache; the cache passed in is consumed. T >
   * 1 only into an empty cache.
   * @param padding of prompts, how many of each row's first ids are none; left out where all are 0
   */
  step(ids: tf.Tensor2D, cache: Cache, padding?: readonly number[]): { logits: tf.Tensor2D; cache: Cache } {
    const [rows, length] = ids.shape;
    if (length > 1 && cache.length > 0)
      throw new Error("Decoder.step: expected one position at a time after the prompt");
    const merge = cache.layers[0]?.recent !== undefined && cache.layers[0].recent.k.shape[2] >= recentLimit;
    const next: Cache = {
      length: cache.length + length,
      padding: padding ? hidePadding(padding, length) : lengthened(cache),
      layers: [],
    };
    const logits = tf.tidy((): tf.Tensor2D => {
      const rotate = rotation(this.anglesOf(next, rows, length));
      const causal = length > 1 ? causalMask(length) : undefined;
      const mask = causal && next.padding ? tf.add(next.padding.mask, causal) : (next.padding?.mask ?? causal);
      let x = widenedRows(this.embedding, tf.reshape(ids, [-1]));
      this.layers.forEach((layer, i) => {
        const attended = this.attend(layer, this.normed(x, layer.norm1), rows, cache.layers[i]!, rotate, mask, merge);
        next.layers.push(attended.cache);
        disposeParts(cache.layers[i]!, attended.cache); // at once: of large models the cache is large
        x = tf.add(x, this.project(attended.out, layer.o));
        const h = this.normed(x, layer.norm2);
        const gate = this.project(h, layer.gate);
        x = tf.add(x, this.project(tf.mul(tf.mul(gate, tf.sigmoid(gate)), this.project(h, layer.up)), layer.down));
      });
      const last =
        length > 1
          ? (tf.reshape(tf.slice(tf.reshape(x, [rows, length, -1]), [0, length - 1, 0], [-1, 1, -1]), [
              rows,
              -1,
            ]) as tf.Tensor2D)
          : x;
      const normed = this.normed(last, this.norm);
      return this.inPlace
        ? tf.slice(timesWeight(normed, this.head), [0, 0], [-1, this.vocabulary])
        : tf.matMul(normed, this.head);
    });
    return { logits, cache: next };
  }

  dispose(): void {
    this.angles.dispose();
    tf.dispose(this.own);
  }

  /** Of the last `length` positions: alike in all rows, [length, h/2], or by row, [R, 1, length, h/2]. */
  private anglesOf({ length: end, padding }: Cache, rows: number, length: number): Angles {
    if (!padding) return this.angles.range(end - length, length);
    const positions = tf.maximum(
      tf.sub(tf.range(end - length, end, 1, "int32"), tf.reshape(padding.count, [rows, 1])),
      tf.scalar(0, "int32"),
    );
    const { cos, sin } = this.angles.at(tf.reshape(positions, [-1]), end);
    return { cos: tf.reshape(cos, [rows, 1, length, -1]), sin: tf.reshape(sin, [rows, 1, length, -1]) };
  }

  private normed(x: tf.Tensor2D, weight: tf.Tensor): tf.Tensor2D {
    // weight / sqrt(mean + eps) = weight sqrt(size) / sqrt(sum + size eps): tf.mean costs two more kernels
    const size = this.config.hiddenSize;
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), size * this.config.rmsEps))), weight);
  }

  private project(x: tf.Tensor2D, { weight, bias }: Linear): tf.Tensor2D {
    const product = this.inPlace ? timesWeight(x, weight) : tf.matMul<tf.Tensor2D>(x, weight);
    return bias ? tf.add(product, bias) : product;
  }

  private attend(
    layer: Layer,
    x: tf.Tensor2D,
    rows: number,
    old: Cache["layers"][number],
    rotate: ReturnType<typeof rotation>,
    mask: tf.Tensor | undefined,
    merge: boolean,
  ) {
    const { heads: H, kvHeads: K, headDim: h } = this.config;
    const length = x.shape[0] / rows;
    const G = H / K;
    const byHead = (y: tf.Tensor2D, n: number) =>
      // [R, n, T, h]; one position needs no transposition
      (length === 1
        ? tf.reshape(y, [rows, n, 1, h])
        : tf.transpose(tf.reshape(y, [rows, length, n, h]), [0, 2, 1, 3])) as tf.Tensor4D;
    const v = byHead(this.project(x, layer.v), K);
    const [q0, k] = tf.split(rotate(byHead(this.project(x, layer.qk), H + K)), [H, K], 1) as [tf.Tensor4D, tf.Tensor4D];
    const q = tf.reshape(q0, [rows, K, G * length, h]) as tf.Tensor4D;
    const join = (a: KeyValues | undefined, b: KeyValues): KeyValues =>
      a ? { k: tf.concat([a.k, b.k], 2), v: tf.concat([a.v, b.v], 2) } : b;
    const parts = merge
      ? { past: join(old.past, old.recent!), recent: { k, v } }
      : { past: old.past, recent: join(old.recent, { k, v }) };
    for (const part of [parts.past, parts.recent])
      if (part) {
        tf.keep(part.k);
        tf.keep(part.v);
      }
    const out = tf.reshape(weigh(q, parts, mask, length), [rows, H, length, h]);
    return {
      out: tf.reshape(length === 1 ? out : tf.transpose(out, [0, 2, 1, 3]), [rows * length, H * h]) as tf.Tensor2D,
      cache: parts,
    };
  }
}

/** Softmax attention of q [R, K, G*T, h] over both parts of the cache; `mask` broadcasts to [R, H, T, positions]. */
function weigh(
  q: tf.Tensor4D,
  { past, recent }: { past?: KeyValues; recent: KeyValues },
  mask: tf.Tensor | undefined,
  length: number,
): tf.Tensor4D {
  const ofRecent = tf.matMul<tf.Tensor4D>(q, recent.k, false, true);
  const scores = past ? tf.concat([tf.matMul<tf.Tensor4D>(q, past.k, false, true), ofRecent], 3) : ofRecent;
  const [R, K, GT, S] = scores.shape;
  const weights = tf.softmax(
    mask ? tf.reshape(tf.add(tf.reshape(scores, [R, (K * GT) / length, length, S]), mask), scores.shape) : scores,
  );
  if (!past) return tf.matMul(weights, recent.v);
  const [a, b] = tf.split(weights, [past.k.shape[2], recent.k.shape[2]], 3);
  return tf.add(tf.matMul(a!, past.v), tf.matMul(b!, recent.v));
}

const hidden = -1e9;

function hidePadding(padding: readonly number[], length: number): NonNullable<Cache["padding"]> {
  const mask = Float32Array.from({ length: padding.length * length }, (_, i) =>
    i % length < padding[Math.floor(i / length)]! ? hidden : 0,
  );
  return { count: tf.tensor1d(padding as number[], "int32"), mask: tf.tensor4d(mask, [padding.length, 1, 1, length]) };
}

/** The padding of a cache that gets one more position, which is no padding. */
function lengthened({ padding }: Cache): Cache["padding"] {
  if (!padding) return undefined;
  const mask: tf.Tensor4D = tf.pad(padding.mask, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 1],
  ]);
  padding.mask.dispose();
  return { count: padding.count, mask };
}

function fuseLayer(config: LlamaConfig, params: Params, prefix: string, inPlace: boolean): Layer {
  return tf.tidy(() => {
    const rowsOf = (t: tf.Tensor, heads: number) => {
      const rows = pairedRows(heads, config.headDim);
      return rows ? tf.gather(t, tf.tensor1d(rows, "int32")) : t;
    };
    const plain = (name: string): Linear => {
      const [weight, bias] = ["weight", "bias"].map((kind) => params[`${prefix}.${name}.${kind}`]) as [
        tf.Tensor2D,
        tf.Tensor?,
      ];
      return { weight: inPlace ? weight : tf.transpose(weight), bias };
    };
    const queriesAndKeys = (kind: "weight" | "bias") => {
      const [q, k] = ["q_proj", "k_proj"]
        .map((name) => params[`${prefix}.self_attn.${name}.${kind}`])
        .map((t) => (t && kind === "weight" ? widened(t as tf.Tensor2D) : t));
      return (
        q &&
        k &&
        tf.concat([tf.mul(rowsOf(q, config.heads), 1 / Math.sqrt(config.headDim)), rowsOf(k, config.kvHeads)], 0)
      );
    };
    const qk = queriesAndKeys("weight") as tf.Tensor2D;
    return {
      norm1: tf.mul(param(params, `${prefix}.input_layernorm.weight`), Math.sqrt(config.hiddenSize)),
      norm2: tf.mul(param(params, `${prefix}.post_attention_layernorm.weight`), Math.sqrt(config.hiddenSize)),
      qk: { weight: inPlace ? qk : tf.transpose(qk), bias: queriesAndKeys("bias") },
      v: plain("self_attn.v_proj"),
      o: plain("self_attn.o_proj"),
      gate: plain("mlp.gate_proj"),
      up: plain("mlp.up_proj"),
      down: plain("mlp.down_proj"),
    } as Layer & tf.TensorContainerObject;
  }) as unknown as Layer;
}

/**
 * One decoding step with a key-value cache. R rows, T new positions, H heads in groups of G over K key-value heads of
 * size h.
 */
import * as tf from "@tensorflow/tfjs";
import { AngleTable, attentionWeights, causalMask, rotation, type Angles } from "../engine/attention";
import { isHalf, timesWeight, widenedRows } from "../engine/half";
import { swigluValue } from "../engine/kernels";
import { block } from "./block";
import { appended, disposeReplaced, hidePadding, isFull, lengthened, type Cache, type LayerCache } from "./cache";
import type { TransformerConfig } from "./config";
import { arrangedWeights, type DecoderLayer, type DecoderWeights, type Linear } from "./decoderWeights";
import type { Params } from "./params";
import { ropeInverseFrequencies } from "./rope";
import { isLarge } from "./weights";

/** What attention of all layers at one step has in common. */
interface StepInputs {
  rows: number;
  rotate: ReturnType<typeof rotation>;
  /** hides padding and later positions; broadcasts to [R, H, T, positions] */
  mask: tf.Tensor | undefined;
  /** recent keys and values go over to the past ones */
  merge: boolean;
}

/** A frozen model arranged for decoding. */
export class Decoder {
  private readonly weights: DecoderWeights;
  private readonly angles: AngleTable;
  private readonly vocabulary: number;

  /**
   * `params` stay the caller's.
   * @param vocabulary logits beyond this many ids are not computed
   * @param inPlace large weights are not copied but used where they are, and so are those in 16 bits (`engine/half`)
   */
  constructor(
    readonly config: TransformerConfig,
    params: Params,
    vocabulary = config.vocabSize,
    private readonly inPlace = isLarge(config) || Object.values(params).some(isHalf),
  ) {
    this.vocabulary = Math.min(vocabulary, config.vocabSize);
    this.angles = new AngleTable(ropeInverseFrequencies(config));
    this.weights = arrangedWeights(config, params, this.vocabulary, inPlace);
  }

  /**
   * Logits [R, V] after ids [R, T], whose keys and values are added to the cache; the cache passed in is consumed.
   * T > 1 only into an empty cache.
   * @param padding of prompts, how many of each row's first ids are none; left out where all are 0
   */
  step(ids: tf.Tensor2D, cache: Cache, padding?: readonly number[]): { logits: tf.Tensor2D; cache: Cache } {
    const [rows, length] = ids.shape;
    if (length > 1 && cache.length > 0) {
      throw new Error("Decoder.step: expected one position at a time after the prompt");
    }
    const merge = isFull(cache);
    const next: Cache = {
      length: cache.length + length,
      padding: padding ? hidePadding(padding, length) : lengthened(cache),
      layers: [],
    };
    const logits = tf.tidy((): tf.Tensor2D => {
      const rotate = rotation(this.anglesOf(next, rows, length));
      const causal = length > 1 ? causalMask(length) : undefined;
      const mask = causal && next.padding ? tf.add(next.padding.mask, causal) : (next.padding?.mask ?? causal);
      let x = widenedRows(this.weights.embedding, tf.reshape(ids, [-1]));
      this.weights.layers.forEach((layer, i) => {
        const attend = (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D): tf.Tensor2D => {
          const old = cache.layers[i]!;
          const { out, layerCache } = this.attend(queriesAndKeys, values, old, { rows, rotate, mask, merge });
          next.layers.push(layerCache);
          disposeReplaced(old, layerCache); // at once: of large models the cache is large
          return out;
        };
        x = this.layer(layer, x, attend);
      });
      return this.logits(lastPositions(x, rows));
    });
    return { logits, cache: next };
  }

  dispose(): void {
    this.angles.dispose();
    tf.dispose(this.weights.own);
  }

  /** x [R*T, D] through a layer. */
  private layer(
    layer: DecoderLayer,
    x: tf.Tensor2D,
    attend: (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D) => tf.Tensor2D,
  ): tf.Tensor2D {
    return block(x, {
      norm: (part, x) => this.normed(x, layer[part]),
      project: (part, x) => this.project(x, layer[part]),
      queriesAndKeys: (h) => this.project(h, layer.queriesAndKeys),
      attend,
      swiglu: swigluValue,
    });
  }

  /** x [R, D] -> [R, V] */
  private logits(x: tf.Tensor2D): tf.Tensor2D {
    const { norm, head } = this.weights;
    const normed = this.normed(x, norm);
    return this.inPlace ? tf.slice(timesWeight(normed, head), [0, 0], [-1, this.vocabulary]) : tf.matMul(normed, head);
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

  /**
   * weight / sqrt(mean + eps) = weight sqrt(D) / sqrt(sum + D eps): `tf.mean` would be two more kernels.
   * @param weight [D] times sqrt(D)
   */
  private normed(x: tf.Tensor2D, weight: tf.Tensor): tf.Tensor2D {
    const size = weight.size;
    return tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), size * this.config.rmsEps))), weight);
  }

  private project(x: tf.Tensor2D, { weight, bias }: Linear): tf.Tensor2D {
    const product = this.inPlace ? timesWeight(x, weight) : tf.matMul<tf.Tensor2D>(x, weight);
    return bias ? tf.add(product, bias) : product;
  }

  /** As `LayerOperations.attend`, over what is in the cache too. */
  private attend(
    queriesAndKeys: tf.Tensor2D,
    values: tf.Tensor2D,
    old: LayerCache,
    { rows, rotate, mask, merge }: StepInputs,
  ): { out: tf.Tensor2D; layerCache: LayerCache } {
    const { heads: H, kvHeads: K, headDim: h } = this.config;
    const length = values.shape[0] / rows;
    const [q0, k] = tf.split(rotate(byHead(queriesAndKeys, rows, H + K)), [H, K], 1) as [tf.Tensor4D, tf.Tensor4D];
    const q = tf.reshape(q0, [rows, K, (H / K) * length, h]) as tf.Tensor4D;
    const layerCache = appended(old, { k, v: byHead(values, rows, K) }, merge);
    const out = tf.reshape(weigh(q, layerCache, mask, length), [rows, H, length, h]);
    const ordered = length === 1 ? out : tf.transpose(out, [0, 2, 1, 3]);
    return { out: tf.reshape(ordered, [rows * length, H * h]), layerCache };
  }
}

/** [R*T, n*h] -> [R, n, T, h]; one position needs no transposition. */
function byHead(x: tf.Tensor2D, rows: number, heads: number): tf.Tensor4D {
  const length = x.shape[0] / rows;
  const size = x.shape[1] / heads;
  if (length === 1) return tf.reshape(x, [rows, heads, 1, size]);
  return tf.transpose(tf.reshape(x, [rows, length, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** x [R*T, D] -> [R, D] */
function lastPositions(x: tf.Tensor2D, rows: number): tf.Tensor2D {
  const length = x.shape[0] / rows;
  if (length === 1) return x;
  return tf.reshape(tf.slice(tf.reshape(x, [rows, length, -1]), [0, length - 1, 0], [-1, 1, -1]), [rows, -1]);
}

/** Softmax attention of q [R, K, G*T, h] over both parts of the cache; `mask` broadcasts to [R, H, T, positions]. */
function weigh(
  q: tf.Tensor4D,
  { past, recent }: LayerCache & Pick<Required<LayerCache>, "recent">,
  mask: tf.Tensor | undefined,
  length: number,
): tf.Tensor4D {
  const ofRecent = tf.matMul<tf.Tensor4D>(q, recent.k, false, true);
  const scores = past ? tf.concat([tf.matMul<tf.Tensor4D>(q, past.k, false, true), ofRecent], 3) : ofRecent;
  const weights = attentionWeights(scores, mask, length);
  if (!past) return tf.matMul(weights, recent.v);
  const [ofPast, rest] = tf.split(weights, [past.k.shape[2], recent.k.shape[2]], 3) as [tf.Tensor4D, tf.Tensor4D];
  return tf.add(tf.matMul(ofPast, past.v), tf.matMul(rest, recent.v));
}

/**
 * One decoding step with a key-value cache. R rows, T new positions, H heads in groups of G over K key-value heads of
 * size h.
 */
import * as tf from "@tensorflow/tfjs";
import { attentionWeights, causalMask, rotation, softCapped, type Angles, type AngleTable } from "../engine/attention";
import { isHalf, timesWeight, widenedRows } from "../engine/half";
import { block, gateOf } from "./block";
import { appended, disposeReplaced, hidePadding, isFull, lengthened, type Cache, type LayerCache } from "./cache";
import type { TransformerConfig } from "./config";
import { arrangedWeights, type DecoderLayer, type DecoderWeights, type Linear } from "./decoderWeights";
import { LayerViews, type LayerView } from "./layerViews";
import type { Params } from "./params";
import { isLarge } from "./weights";

/** What attention of layers that are alike has in common at one step. */
interface StepInputs {
  rows: number;
  /** none where nothing is rotated */
  rotate: ReturnType<typeof rotation> | undefined;
  /** hides padding and later positions; broadcasts to [R, H, T, positions] */
  mask: tf.Tensor | undefined;
  /** recent keys and values go over to the past ones */
  merge: boolean;
}

/** A frozen model arranged for decoding. */
export class Decoder {
  private readonly weights: DecoderWeights;
  private readonly layers: LayerViews;
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
    this.layers = new LayerViews(config);
    this.weights = arrangedWeights(config, params, this.vocabulary, inPlace);
  }

  /**
   * Logits [R, V] after ids [R, T], whose keys and values are added to the cache; the cache passed in is consumed.
   * T > 1 only into an empty cache, or behind what all rows begin with (`model/prefill.ts`).
   * @param padding of prompts, how many of each row's first ids are none; left out where all are 0
   */
  step(ids: tf.Tensor2D, cache: Cache, padding?: readonly number[]): { logits: tf.Tensor2D; cache: Cache } {
    const [rows, length] = ids.shape;
    if (length > 1 && (cache.padding || cache.layers.some(({ past }) => past)))
      throw new Error("Decoder.step: expected one position at a time after the prompt");
    const merge = isFull(cache);
    const next: Cache = {
      length: cache.length + length,
      padding: padding ? hidePadding(padding, length, cache.length) : lengthened(cache),
      layers: [],
    };
    const logits = tf.tidy((): tf.Tensor2D => {
      const views = this.layers.views.map((view): StepInputs => {
        const rotate = view.angles && rotation(anglesOf(view.angles, next, rows, length));
        return { rows, rotate, mask: maskOf(view, next, length), merge };
      });
      const { embeddingScale } = this.config;
      const embedded = widenedRows(this.weights.embedding, tf.reshape(ids, [-1]));
      let x: tf.Tensor2D = embeddingScale ? tf.mul(embedded, embeddingScale) : embedded;
      this.weights.layers.forEach((layer, i) => {
        const attend = (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D): tf.Tensor2D => {
          const old = cache.layers[i]!;
          const { out, layerCache } = this.attend(queriesAndKeys, values, old, this.layers.of(views, i));
          next.layers.push(layerCache);
          disposeReplaced(old, layerCache); // at once: of large models the cache is large
          return out;
        };
        const before = x; // of long prompts, what one layer makes of them is all that memory has room for
        x = tf.tidy(() => this.layer(layer, before, attend));
        before.dispose();
      });
      return this.logits(lastPositions(x, rows));
    });
    return { logits, cache: next };
  }

  dispose(): void {
    this.layers.dispose();
    tf.dispose(this.weights.own);
  }

  /** x [R*T, D] through a layer. */
  private layer(
    layer: DecoderLayer,
    x: tf.Tensor2D,
    attend: (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D) => tf.Tensor2D,
  ): tf.Tensor2D {
    return block(this.config, x, {
      norm: (part, x) => this.normed(x, layer.norms[part]!),
      project: (part, x) => this.project(x, layer.linears[part]),
      queriesAndKeys: (h) => this.project(h, layer.linears.queriesAndKeys),
      attend,
      gated: gateOf(this.config).value,
    });
  }

  /** x [R, D] -> [R, V] */
  private logits(x: tf.Tensor2D): tf.Tensor2D {
    const { norm, head } = this.weights;
    const normed = this.normed(x, norm);
    const logits: tf.Tensor2D = this.inPlace
      ? tf.slice(timesWeight(normed, head), [0, 0], [-1, this.vocabulary])
      : tf.matMul(normed, head);
    const { logitCap } = this.config;
    return logitCap ? softCapped(logits, logitCap) : logits;
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
    const { heads: H, kvHeads: K, headDim: h, attentionCap } = this.config;
    const length = values.shape[0] / rows;
    const heads = byHead(queriesAndKeys, rows, H + K);
    const [q0, k] = tf.split(rotate ? rotate(heads) : heads, [H, K], 1) as [tf.Tensor4D, tf.Tensor4D];
    const q = tf.reshape(q0, [rows, K, (H / K) * length, h]) as tf.Tensor4D;
    const layerCache = appended(old, { k, v: byHead(values, rows, K) }, merge);
    const out = tf.reshape(weigh(q, layerCache, mask, length, attentionCap), [rows, H, length, h]);
    const ordered = length === 1 ? out : tf.transpose(out, [0, 2, 1, 3]);
    return { out: tf.reshape(ordered, [rows * length, H * h]), layerCache };
  }
}

/** Of the last `length` positions: alike in all rows, [length, h/2], or by row, [R, 1, length, h/2]. */
function anglesOf(angles: AngleTable, { length: end, padding }: Cache, rows: number, length: number): Angles {
  if (!padding) return angles.range(end - length, length);
  const positions = tf.maximum(
    tf.sub(tf.range(end - length, end, 1, "int32"), tf.reshape(padding.count, [rows, 1])),
    tf.scalar(0, "int32"),
  );
  const { cos, sin } = angles.at(tf.reshape(positions, [-1]), end);
  return { cos: tf.reshape(cos, [rows, 1, length, -1]), sin: tf.reshape(sin, [rows, 1, length, -1]) };
}

/** What the last `length` positions must not see, where there is such: padding, later positions, those too far back. */
function maskOf({ window }: LayerView, { length: end, padding }: Cache, length: number): tf.Tensor | undefined {
  const causal = length > 1 || end > window ? causalMask(length, window, end) : undefined;
  return causal && padding ? tf.add(padding.mask, causal) : (padding?.mask ?? causal);
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
  cap: number | undefined,
): tf.Tensor4D {
  const ofRecent = tf.matMul<tf.Tensor4D>(q, recent.k, false, true);
  const scores = past ? tf.concat([tf.matMul<tf.Tensor4D>(q, past.k, false, true), ofRecent], 3) : ofRecent;
  const weights = attentionWeights(cap ? softCapped(scores, cap) : scores, mask, length);
  if (!past) return tf.matMul(weights, recent.v);
  const [ofPast, rest] = tf.split(weights, [past.k.shape[2], recent.k.shape[2]], 3) as [tf.Tensor4D, tf.Tensor4D];
  return tf.add(tf.matMul(ofPast, past.v), tf.matMul(rest, recent.v));
}

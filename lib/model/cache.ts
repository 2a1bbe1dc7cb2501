/**
 * Keys and values of what was decoded so far. R rows, K key-value heads of size h.
 *
 * A layer's cache has two parts: `past`, and `recent` (at most 16 positions), because appending copies. Only the small
 * part is copied at every step, and it is merged into the large one now and then.
 */
import * as tf from "@tensorflow/tfjs";
import type { TransformerConfig } from "./config";

/** [R, K, positions, h] */
export interface KeyValues {
  k: tf.Tensor4D;
  v: tf.Tensor4D;
}

export interface LayerCache {
  past?: KeyValues;
  recent?: KeyValues;
}

/** Where prompts differ in length: padding [R] before each, and what hides it from attention, [R, 1, 1, length]. */
export interface Padding {
  count: tf.Tensor1D;
  mask: tf.Tensor4D;
}

/** Of all layers. Prompts of different lengths end together: shorter ones begin with padding. */
export interface Cache {
  length: number;
  padding?: Padding;
  layers: LayerCache[];
}

const recentLimit = 16;
const hidden = -1e9;

/** An empty cache. */
export function emptyCache(config: TransformerConfig): Cache {
  return { length: 0, layers: Array.from({ length: config.layers }, () => ({})) };
}

/** Keeps (or repeats) rows [R'] of the cache; the old one is disposed. */
export function takeCacheRows(cache: Cache, rows: tf.Tensor1D): Cache {
  const taken = copyCacheRows(cache, rows);
  disposeCache(cache);
  return taken;
}

/** Rows [R'] of the cache, which stays. */
export function copyCacheRows(cache: Cache, rows: tf.Tensor1D): Cache {
  const take = (part?: KeyValues) => part && { k: tf.gather(part.k, rows), v: tf.gather(part.v, rows) };
  const layers = cache.layers.map(({ past, recent }) => ({ past: take(past), recent: take(recent) }));
  const padding = cache.padding && {
    count: tf.gather(cache.padding.count, rows),
    mask: tf.gather(cache.padding.mask, rows),
  };
  return { length: cache.length, padding, layers };
}

export function disposeCache(cache: Cache): void {
  if (cache.padding) tf.dispose([cache.padding.count, cache.padding.mask]);
  for (const layer of cache.layers) disposeReplaced(layer, {});
}

/** Disposes the parts of a layer that were not carried over unchanged. */
export function disposeReplaced(old: LayerCache, { past, recent }: LayerCache): void {
  for (const part of [old.past, old.recent]) {
    if (part && part !== past && part !== recent) tf.dispose([part.k, part.v]);
  }
}

/** Whether the recent positions go over to the past ones at the next step. */
export function isFull({ layers: [first] }: Cache): boolean {
  return first?.recent !== undefined && first.recent.k.shape[2] >= recentLimit;
}

/**
 * A layer's cache with new keys and values behind, kept beyond a tidy.
 * @param merge the recent ones go over to the past
 */
export function appended(old: LayerCache, added: KeyValues, merge: boolean): LayerCache & { recent: KeyValues } {
  const next = merge
    ? { past: joined(old.past, old.recent!), recent: added }
    : { past: old.past, recent: joined(old.recent, added) };
  for (const part of [next.past, next.recent]) {
    if (!part) continue;
    tf.keep(part.k);
    tf.keep(part.v);
  }
  return next;
}

function joined(a: KeyValues | undefined, b: KeyValues): KeyValues {
  return a ? { k: tf.concat([a.k, b.k], 2), v: tf.concat([a.v, b.v], 2) } : b;
}

/** Caches of the same length, row after row; the old ones are disposed. */
export function joinCaches(caches: readonly Cache[]): Cache {
  const layers = caches[0]!.layers.map((_, i) => {
    const parts = caches.map(({ layers }) => wholeOf(layers[i]!));
    const recent = { k: tf.concat(parts.map(({ k }) => k)), v: tf.concat(parts.map(({ v }) => v)) };
    tf.dispose(parts.map(({ k, v }) => [k, v]));
    return { recent };
  });
  const paddings = caches.flatMap(({ padding }) => padding ?? []);
  const padding = paddings.length > 0 && {
    count: tf.concat(paddings.map(({ count }) => count)),
    mask: tf.concat(paddings.map(({ mask }) => mask)),
  };
  tf.dispose(paddings.map(({ count, mask }) => [count, mask]));
  return { length: caches[0]!.length, layers, ...(padding && { padding }) };
}

/** Both parts of a layer's cache as one; the layer's are disposed. */
function wholeOf({ past, recent }: LayerCache): KeyValues {
  if (!past) return recent!;
  const whole = joined(past, recent!);
  tf.dispose([past.k, past.v, recent!.k, recent!.v]);
  return whole;
}

/**
 * @param padding of prompts of `length` ids, how many of each row's first ids are none
 * @param before positions that are in the cache already
 */
export function hidePadding(padding: readonly number[], length: number, before: number): Padding {
  const end = before + length;
  const mask = Float32Array.from({ length: padding.length * end }, (_, i) => {
    const at = (i % end) - before;
    return at >= 0 && at < padding[Math.floor(i / end)]! ? hidden : 0;
  });
  return { count: tf.tensor1d(padding.slice(), "int32"), mask: tf.tensor4d(mask, [padding.length, 1, 1, end]) };
}

/** The padding of a cache that gets one more position, which is no padding. */
export function lengthened({ padding }: Cache): Padding | undefined {
  if (!padding) return undefined;
  const none: [number, number] = [0, 0];
  const mask: tf.Tensor4D = tf.pad(padding.mask, [none, none, none, [0, 1]]);
  padding.mask.dispose();
  return { count: padding.count, mask };
}

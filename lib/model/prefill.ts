/**
 * Prompts into an empty cache. Prompts that begin alike (a system prompt, examples shown first) have their beginning
 * computed once, and as many are computed together as memory is meant for.
 */
import * as tf from "@tensorflow/tfjs";
import { chunks } from "../base/collections";
import { copyCacheRows, disposeCache, emptyCache, joinCaches, takeCacheRows, type Cache } from "./cache";
import type { TransformerConfig } from "./config";
import type { Decoder } from "./decode";

/** Prompts that begin alike have so many tokens in common at least, */
const leastShared = 64;
/** and a pass for what they have in common saves the others so many in all. */
const leastSaved = 512;
const mostBytes = 1e9;

/** Logits after the last tokens, and the cache of all. */
interface Prefilled {
  logits: tf.Tensor2D;
  cache: Cache;
}

/** Prompts of which all begin with the same `shared` tokens. */
interface Group {
  members: number[];
  shared: number;
}

/**
 * Logits [R, V] after prompts, and their cache: all end together, at the longest one's length.
 * @param prompts each of at least one id
 * @param rows [R] of each row, its prompt
 * @param bytes of what a layer makes of prompts that are computed together
 */
export function prefill(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  rows: readonly number[],
  bytes = mostBytes,
): Prefilled {
  const length = prompts.reduce((most, { length }) => Math.max(most, length), 0);
  const padded = prompts.some((prompt) => prompt.length < length);
  const order: number[] = [];
  const parts: Prefilled[] = [];
  for (const { members, shared } of groupsOf(decoder.config, prompts)) {
    const beginning = shared > 0 ? cacheOf(decoder, prompts[members[0]!]!.slice(0, shared)) : undefined;
    const most = Math.max(1, Math.floor(bytes / bytesOfRow(decoder.config, length - shared, length)));
    for (const some of chunks(members, most)) {
      order.push(...some);
      const cache = beginning ? repeated(beginning, some.length) : emptyCache(decoder.config);
      const padding = some.map((i) => length - prompts[i]!.length);
      const ids = some.flatMap((i, r) => [...new Array<number>(padding[r]!).fill(0), ...prompts[i]!.slice(shared)]);
      const rest = tf.tensor2d(Int32Array.from(ids), [some.length, length - shared], "int32");
      parts.push(decoder.step(rest, cache, padded ? padding : undefined));
      rest.dispose();
    }
    if (beginning) disposeCache(beginning);
  }
  const placeOf = new Int32Array(order.length);
  order.forEach((prompt, place) => (placeOf[prompt] = place));
  return takeRows(
    joinedParts(parts),
    rows.map((prompt) => placeOf[prompt]!),
  );
}

/** Keys and values of ids, as one row. */
function cacheOf(decoder: Decoder, ids: readonly number[]): Cache {
  const row = tf.tensor2d([ids.slice()], [1, ids.length], "int32");
  const { logits, cache } = decoder.step(row, emptyCache(decoder.config));
  tf.dispose([row, logits]);
  return cache;
}

/** A cache of one row as so many rows. */
function repeated(cache: Cache, rows: number): Cache {
  const first = tf.zeros<tf.Rank.R1>([rows], "int32");
  const copies = copyCacheRows(cache, first);
  first.dispose();
  return copies;
}

/** What was computed in parts, row after row. */
function joinedParts(parts: readonly Prefilled[]): Prefilled {
  if (parts.length === 1) return parts[0]!;
  const logits = tf.concat(parts.map(({ logits }) => logits));
  tf.dispose(parts.map(({ logits }) => logits));
  return { logits, cache: joinCaches(parts.map(({ cache }) => cache)) };
}

function takeRows({ logits, cache }: Prefilled, rows: number[]): Prefilled {
  const index = tf.tensor1d(rows, "int32");
  const taken = { logits: tf.gather(logits, index), cache: takeCacheRows(cache, index) };
  tf.dispose([index, logits]);
  return taken;
}

/**
 * Prompts that have enough in common from the start on, together; all others are one group. Windows of attention count
 * positions, which padding behind a beginning would shift, so models that have them share none.
 */
function groupsOf({ window }: TransformerConfig, prompts: readonly (readonly number[])[]): Group[] {
  const byBeginning = new Map<string, number[]>();
  const others: number[] = [];
  prompts.forEach((prompt, i) => {
    if (window || prompt.length <= leastShared) return others.push(i);
    const key = prompt.slice(0, leastShared).join();
    const known = byBeginning.get(key);
    if (known) known.push(i);
    else byBeginning.set(key, [i]);
  });
  const groups: Group[] = [];
  for (const members of byBeginning.values()) {
    const shared = sharedLength(members.map((i) => prompts[i]!));
    if ((members.length - 1) * shared < leastSaved) others.push(...members);
    else groups.push({ members, shared });
  }
  return others.length > 0 ? [...groups, { members: others.sort((a, b) => a - b), shared: 0 }] : groups;
}

/** How many tokens all begin with, of which each has one more. */
function sharedLength([first, ...others]: readonly (readonly number[])[]): number {
  let shared = first!.length - 1;
  for (const prompt of others) {
    shared = Math.min(shared, prompt.length - 1);
    const differs = first!.slice(0, shared).findIndex((id, t) => id !== prompt[t]);
    if (differs >= 0) shared = differs;
  }
  return shared;
}

/**
 * What a layer makes of `length` tokens of a prompt: some ten vectors of the hidden size, the MLP's, and scores of all
 * `positions` with their softmax.
 */
function bytesOfRow(
  { hiddenSize, intermediateSize, heads }: TransformerConfig,
  length: number,
  positions: number,
): number {
  return 4 * length * (10 * hiddenSize + 4 * intermediateSize + 3 * heads * positions);
}

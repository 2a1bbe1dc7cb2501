/**
 * Prompts into an empty cache. Prompts that begin alike (a system prompt, examples shown first) have their beginning
 * computed once, and as many are computed together as memory is meant for.
 */
import * as tf from "@tensorflow/tfjs";
import { joinCaches, emptyCache, takeCacheRows, type Cache } from "./cache";
import type { TransformerConfig } from "./config";
import type { Decoder } from "./decode";

/** A beginning of fewer tokens is not worth a pass of its own. */
const leastShared = 64;
const mostBytes = 1e9;

/** Prompts of which all begin with the same `shared` tokens. */
interface Group {
  members: number[];
  shared: number;
}

/**
 * Logits [R, V] after each of R prompts, and their cache: all end together, at the longest one's length.
 * @param prompts [R][at least one id]
 * @param bytes of what a layer makes of prompts that are computed together
 */
export function prefill(
  decoder: Decoder,
  prompts: readonly (readonly number[])[],
  bytes = mostBytes,
): { logits: tf.Tensor2D; cache: Cache } {
  const length = prompts.reduce((most, { length }) => Math.max(most, length), 0);
  const padded = prompts.some((prompt) => prompt.length < length);
  const most = Math.max(1, Math.floor(bytes / bytesOfRow(decoder.config, length)));
  const order: number[] = [];
  const parts: { logits: tf.Tensor2D; cache: Cache }[] = [];
  for (const { members, shared } of groupsOf(decoder.config, prompts))
    for (let at = 0; at < members.length; at += most) {
      const some = members.slice(at, at + most);
      order.push(...some);
      const cache = shared > 0 ? commonBeginning(decoder, prompts[some[0]!]!.slice(0, shared), some.length) : undefined;
      const padding = some.map((i) => length - prompts[i]!.length);
      const ids = some.flatMap((i, r) => [...new Array<number>(padding[r]!).fill(0), ...prompts[i]!.slice(shared)]);
      const rest = tf.tensor2d(Int32Array.from(ids), [some.length, length - shared], "int32");
      parts.push(decoder.step(rest, cache ?? emptyCache(decoder.config), padded ? padding : undefined));
      rest.dispose();
    }
  if (parts.length === 1) return parts[0]!;
  const logits = tf.concat(parts.map(({ logits }) => logits));
  tf.dispose(parts.map(({ logits }) => logits));
  return inOrder({ logits, cache: joinCaches(parts.map(({ cache }) => cache)) }, order);
}

/** Keys and values of ids that `rows` prompts begin with. */
function commonBeginning(decoder: Decoder, ids: readonly number[], rows: number): Cache {
  const beginning = tf.tensor2d([ids.slice()], [1, ids.length], "int32");
  const { logits, cache } = decoder.step(beginning, emptyCache(decoder.config));
  const repeated = tf.zeros<tf.Rank.R1>([rows], "int32");
  const spread = takeCacheRows(cache, repeated);
  tf.dispose([beginning, logits, repeated]);
  return spread;
}

/** @param order of row r, the prompt it is of */
function inOrder({ logits, cache }: { logits: tf.Tensor2D; cache: Cache }, order: readonly number[]) {
  const rowOf = new Int32Array(order.length);
  order.forEach((prompt, row) => (rowOf[prompt] = row));
  const rows = tf.tensor1d(rowOf, "int32");
  const taken = { logits: tf.gather(logits, rows), cache: takeCacheRows(cache, rows) };
  tf.dispose([rows, logits]);
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
  for (const members of byBeginning.values())
    if (members.length === 1) others.push(members[0]!);
    else groups.push({ members, shared: sharedLength(members.map((i) => prompts[i]!)) });
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

/** What a layer makes of a prompt: some ten vectors of the hidden size, the MLP's, and scores with their softmax. */
function bytesOfRow({ hiddenSize, intermediateSize, heads }: TransformerConfig, length: number): number {
  return 4 * length * (10 * hiddenSize + 4 * intermediateSize + 3 * heads * length);
}

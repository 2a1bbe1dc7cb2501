/** Reference log-probabilities: computed once per (reference, token ids, masks) and cached by content hash. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { UserError } from "../base/check";
import { sha256 } from "../base/hash";
import { startProgress } from "../base/progress";
import type { Llama, Params } from "../model/llama";
import { readSafetensors, writeSafetensors } from "../model/safetensors";
import { collate, type TokenizedPair } from "../preference/collate";
import { sequenceLogps } from "./logps";

/** Masked log-probability sums, one per pair. */
export interface ReferenceLogps {
  chosen: Float32Array;
  rejected: Float32Array;
}

/** Pairs per forward pass: no gradients are kept, so more fit than in training. */
const batchPairs = 64;

/** What progress calls it. */
export const logpsLabel = "reference logps";

/** Log-probabilities of every pair under frozen weights. */
export async function computeLogps(model: Llama, params: Params, pairs: readonly TokenizedPair[], padId: number): Promise<ReferenceLogps> {
  const out = { chosen: new Float32Array(pairs.length), rejected: new Float32Array(pairs.length) };
  const order = pairs.map((_, i) => i).sort((a, b) => pairLength(pairs[a]!) - pairLength(pairs[b]!) || a - b); // little padding
  const progress = startProgress(logpsLabel, pairs.length);
  try {
    for (let start = 0; start < order.length; start += batchPairs) {
      const members = order.slice(start, start + batchPairs);
      const sums = tf.tidy(() => sequenceLogps(model, params, collate(members.map((i) => pairs[i]!), padId)));
      const logps = await sums.data();
      sums.dispose();
      members.forEach((i, j) => {
        out.chosen[i] = logps[j]!;
        out.rejected[i] = logps[members.length + j]!;
      });
      progress.update(start + members.length);
      await new Promise(setImmediate); // lets an interrupt in
    }
  } finally {
    progress.stop();
  }
  return out;
}

/**
 * The same, kept in `cacheDir` under the hash of everything it depends on.
 * @param referenceHash content hash of the reference's weights
 * @throws UserError naming the pairs whose log-probability is not finite
 */
export async function cachedLogps(cacheDir: string, referenceHash: string, model: Llama, params: Params, pairs: readonly TokenizedPair[], padId: number): Promise<ReferenceLogps> {
  const file = path.join(cacheDir, `logps-${pairsHash(pairs, referenceHash).slice(0, 16)}.safetensors`);
  if (existsSync(file)) {
    const tensors = readSafetensors(file);
    const logps = { chosen: tensors.get("chosen").data, rejected: tensors.get("rejected").data };
    checkFinite(logps, pairs, file, "Delete the file: it is computed again.");
    return logps;
  }
  const logps = await computeLogps(model, params, pairs, padId);
  checkFinite(logps, pairs, logpsLabel, "The policy overflows on these pairs: its weights are too large, or damaged.");
  writeSafetensors(file, new Map(Object.entries(logps).map(([side, data]: [string, Float32Array]) => [side, { shape: [pairs.length], data }])));
  return logps;
}

function checkFinite({ chosen, rejected }: ReferenceLogps, pairs: readonly TokenizedPair[], where: string, fix: string): void {
  const holes = pairs.filter((_, i) => !Number.isFinite(chosen[i]) || !Number.isFinite(rejected[i]));
  if (holes.length > 0) throw new UserError({ where, expected: `finite log-probabilities of ${pairs.length} pairs`, got: `${holes.length} without, first: ${holes.slice(0, 5).map((p) => p.questionId).join(", ")}`, fix });
}

const pairLength = (pair: TokenizedPair) => Math.max(pair.chosen.ids.length, pair.rejected.ids.length);

function pairsHash(pairs: readonly TokenizedPair[], referenceHash: string): string {
  const sides = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  return sha256(referenceHash + sides.map((s) => sha256(Buffer.concat([Buffer.from(s.ids.buffer, s.ids.byteOffset, s.ids.byteLength), s.lossMask]))).join(""));
}

/**
 * Reference log-probabilities: computed once per (reference, token ids), for every completion token, and cached by
 * content hash. A mask only chooses which of them are summed, so all masks share one pass.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { chunks } from "../base/collections";
import { UserError } from "../base/check";
import { hashOfFloats, sha256 } from "../base/hash";
import { showDone, startProgress, breathe } from "../base/progress";
import { readSafetensors, writeSafetensors } from "../model/safetensors/safetensors";
import type { NamedPair } from "./trainingPairs";
import type { PairCompute } from "./compute";
import type { PairIds, ReferenceLogps } from "./pairIds";
import { codeVersions } from "../base/codeVersions";
import { countedSentences, sentenceSums } from "./sentences";

/** Per pair, a log-probability for each completion token. */
export interface CompletionLogps {
  chosen: Float32Array[];
  rejected: Float32Array[];
}

/** Pairs per forward pass: small enough that activations stay near the core, large enough to fill a kernel. */
export const chunkPairs = 16;

/** What progress calls it. */
export const logpsLabel = "reference logps";

/** Log-probabilities of the completion tokens of all `pairs` of `compute` under frozen weights [P]. */
export async function computeLogps(
  compute: PairCompute,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  chunk = chunkPairs,
): Promise<CompletionLogps> {
  const out: CompletionLogps = { chosen: [], rejected: [] };
  const length = ({ chosen, rejected }: PairIds) => Math.max(chosen.ids.length, rejected.ids.length);
  // little padding in attention
  const order = pairs.map((_, i) => i).sort((a, b) => length(pairs[a]!) - length(pairs[b]!) || a - b);
  const chunked = chunks(order, chunk);
  const progress = startProgress(logpsLabel, pairs.length);
  try {
    let next = 0;
    let done = 0;
    for await (const sides of compute.logps(weights, chunked)) {
      const members = chunked[next++]!;
      members.forEach((i, j) => {
        out.chosen[i] = sides[j]!;
        out.rejected[i] = sides[members.length + j]!;
      });
      progress.update((done += members.length));
      await breathe();
    }
  } finally {
    progress.stop();
  }
  return out;
}

/** Weighted sums: one number a pair and side (the reference terms of Eq. 5), and where they have labels, a sentence. */
export function weightedSums(logps: CompletionLogps, pairs: readonly PairIds[]): ReferenceLogps {
  const sums = (side: "chosen" | "rejected") =>
    Float32Array.from(pairs, (pair, i) => {
      const { weights } = pair[side];
      const values = logps[side][i]!;
      const start = weights.length - values.length;
      return values.reduce((sum, value, t) => (weights[start + t] ? sum + weights[start + t]! * value : sum), 0);
    });
  const bySentence = (side: "chosen" | "rejected") =>
    pairs.map((pair, i) => {
      const { weights, promptLength, sentences } = pair[side];
      const { slots, labels } = countedSentences(weights, sentences!);
      return sentenceSums(logps[side][i]!, weights.subarray(promptLength), {
        slots: slots.subarray(promptLength),
        labels,
      });
    });
  return {
    chosen: sums("chosen"),
    rejected: sums("rejected"),
    ...(pairs[0]?.chosen.sentences && {
      sentences: { chosen: bySentence("chosen"), rejected: bySentence("rejected") },
    }),
  };
}

/**
 * The weighted sums of `pairs`, from the cache in `cacheDir` where it has them.
 * @param referenceHash names the reference, whose weights [P] are given, and the engine: another one rounds differently
 * @param chunk pairs per forward pass, where memory allows fewer than usual: sums are then rounded otherwise
 * @throws UserError naming the pairs that have a log-probability which is not finite
 */
export async function cachedLogps(
  cacheDir: string,
  referenceHash: string,
  compute: PairCompute,
  weights: tf.Tensor1D,
  pairs: readonly NamedPair[],
  chunk = chunkPairs,
): Promise<ReferenceLogps> {
  const keys = pairs.map(pairHash);
  // another mask may leave the same pairs in another order
  const order = keys.map((_, i) => i).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
  const made = `${referenceHash} ${JSON.stringify(codeVersions("training"))} ${chunk}`;
  const hash = sha256(`${made} ${order.map((i) => keys[i]!).join("")}`).slice(0, 16);
  const file = path.join(cacheDir, `logps-${hash}.safetensors`);
  if (existsSync(file)) {
    const logps = readLogps(file, pairs, order);
    checkFinite(logps, pairs, file, "Delete the file: it is computed again.");
    showDone(logpsLabel, pairs.length);
    return weightedSums(logps, pairs);
  }
  const logps = await computeLogps(compute, weights, pairs, chunk);
  checkFinite(logps, pairs, logpsLabel, "The policy overflows on these pairs: its weights are too large, or damaged.");
  const flat = (side: Float32Array[]) => {
    const data = Float32Array.from(order.flatMap((i) => Array.from(side[i]!)));
    return { shape: [data.length], data };
  };
  const [chosen, rejected] = [flat(logps.chosen), flat(logps.rejected)];
  const tensors = new Map(Object.entries({ chosen, rejected }));
  writeSafetensors(file, tensors, { sha256: hashOfFloats(chosen.data, rejected.data) });
  return weightedSums(logps, pairs);
}

function readLogps(file: string, pairs: readonly PairIds[], order: readonly number[]): CompletionLogps {
  const tensors = readSafetensors(file);
  const damaged = (expected: string, got: string): UserError =>
    new UserError({ where: file, expected, got, fix: "Delete the file: it is computed again." });
  const [chosen, rejected] = [tensors.get("chosen").data, tensors.get("rejected").data];
  const { sha256: written } = tensors.metadata; // caches of earlier versions say none
  if (written !== undefined && written !== hashOfFloats(chosen, rejected))
    throw damaged("log-probabilities as they were written", "others");
  const parts = (side: "chosen" | "rejected", data: Float32Array) => {
    const out: Float32Array[] = [];
    let start = 0;
    for (const i of order) {
      const { ids, promptLength } = pairs[i]![side];
      out[i] = data.subarray(start, (start += ids.length - promptLength));
    }
    if (start !== data.length) throw damaged(`${start} log-probabilities of ${side} tokens`, `${data.length}`);
    return out;
  };
  return { chosen: parts("chosen", chosen), rejected: parts("rejected", rejected) };
}

function checkFinite(
  { chosen, rejected }: CompletionLogps,
  pairs: readonly NamedPair[],
  where: string,
  fix: string,
): void {
  const holes = pairs.filter((_, i) => !chosen[i]!.every(Number.isFinite) || !rejected[i]!.every(Number.isFinite));
  if (holes.length > 0)
    throw new UserError({
      where,
      expected: `finite log-probabilities of ${pairs.length} pairs`,
      got: `${holes.length} without, first: ${holes
        .slice(0, 5)
        .map((p) => p.questionId)
        .join(", ")}`,
      fix,
    });
}

/** Of what the log-probabilities depend on, beside the reference: not the mask. */
function pairHash({ chosen, rejected }: PairIds): string {
  return sha256([chosen, rejected].map(({ ids, promptLength }) => `${promptLength}:${ids.join()}`).join("|"));
}

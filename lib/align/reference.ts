/**
 * Reference log-probabilities: computed once per (reference, token ids), for every completion token, and cached by
 * content hash. A mask only chooses which of them are summed, so all masks share one pass.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type * as tf from "@tensorflow/tfjs";
import { UserError } from "../base/check";
import { hashOfFloats, sha256 } from "../base/hash";
import { showDone } from "../base/progress";
import { readSafetensors, writeSafetensors } from "../model/safetensors/safetensors";
import type { NamedPair } from "./trainingPairs";
import type { PairCompute } from "./compute";
import type { PairIds, ReferenceLogps } from "./pairIds";
import { codeVersions } from "../base/codeVersions";
import { chunkPairs, computeLogps, logpsLabel, weightedSums, type CompletionLogps } from "./completionLogps";

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

/** Log-probabilities of whole completions under frozen weights, and the sums that a mask makes of them. */
import type * as tf from "@tensorflow/tfjs";
import { chunks } from "../base/collections";
import { startProgress, breathe } from "../base/progress";
import type { PairCompute } from "./compute";
import type { PairIds, ReferenceLogps } from "./pairIds";
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

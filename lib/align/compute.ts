/**
 * Who computes a training step: this process, or single-threaded worker processes that share out the microbatches.
 * A step is many kernels, few of which are large enough for several threads, so processes are faster on a CPU; the
 * parts come back in order, so that the result is bitwise the same.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Transformer } from "../model/transformer";
import type { FlatLayout } from "./flat";
import { completionLogps, microbatchGradient, type Complete, type MicrobatchLog, type Minimised } from "./microbatch";
import type { PairIds } from "./pairIds";

/** Some pairs of a step, by index, and what of them is minimised. */
export interface Microbatch extends Minimised {
  members: readonly number[];
}

/** Computations on a fixed list of pairs under weights [P]; results in the order of what is asked. */
export interface PairCompute {
  /** per chunk of pairs: `completionLogps` */
  logps(weights: tf.Tensor1D, chunks: readonly (readonly number[])[]): AsyncGenerator<Float32Array[]>;
  /** per microbatch: gradient [P], the caller's, and its log. @param frozen as `microbatchGradient` */
  gradients(
    weights: tf.Tensor1D,
    microbatches: readonly Microbatch[],
    frozen?: tf.Tensor1D,
  ): AsyncGenerator<{ gradient: tf.Tensor1D; log: MicrobatchLog }>;
  close: () => void;
}

/** In this process. `model` stays the caller's. @param complete where the weights are an adapter's */
export function localCompute(
  model: Transformer,
  layout: FlatLayout,
  pairs: readonly PairIds[],
  complete?: Complete,
): PairCompute {
  const pick = (members: readonly number[]) => members.map((i) => pairs[i]!);
  return {
    async *logps(weights, chunks) {
      for (const members of chunks) yield await completionLogps(model, layout, weights, pick(members), complete);
    },
    async *gradients(weights, microbatches, frozen) {
      for (const { members, ...minimised } of microbatches)
        yield await microbatchGradient(model, layout, weights, pick(members), minimised, complete, frozen);
    },
    close: () => undefined,
  };
}

/**
 * Weighted sums of token log-probabilities (Eq. 3, 5) of sequences. R sequences, M unmasked tokens: those whose weight
 * is above 0.
 * Nothing is computed that no unmasked token needs: no padding, no common beginning twice, nothing behind the last
 * unmasked token, and the LM head only where the next token is unmasked.
 */
import * as tf from "@tensorflow/tfjs";
import { targetLogps } from "../engine/head";
import { takeRows } from "../engine/kernels";
import { headName } from "../model/weights";
import { isAdapted, param, type Params } from "../model/params";
import type { Transformer } from "../model/transformer";
import { packSequences, type Packing } from "../model/packing";

/** Ids [T] and weights [T] >= 0; a token's weight says how much its own log-probability counts: under a mask 0 or 1. */
export interface WeightedSequence {
  ids: Int32Array;
  weights: Float32Array;
}

/** What of sequences is computed: the last unmasked token itself is only predicted, never read. */
export function packWeighted(sequences: readonly WeightedSequence[]): Packing {
  return packSequences(
    sequences.map(({ ids, weights }) =>
      ids.subarray(
        0,
        Math.max(
          1,
          weights.findLastIndex((weight) => weight > 0),
        ),
      ),
    ),
  );
}

/**
 * Log-probabilities [M] of the unmasked tokens, sequence after sequence, and the sequence [M] of each; differentiable
 * in `params`.
 * @throws RangeError when the first token of a sequence, which has no prediction, is unmasked
 */
export function tokenLogps(
  model: Transformer,
  params: Params,
  sequences: readonly WeightedSequence[],
): { values: tf.Tensor1D; owners: Int32Array } {
  const packing = packWeighted(sequences);
  const at: number[] = [];
  const targets: number[] = [];
  const owners: number[] = [];
  sequences.forEach(({ ids, weights }, r) => {
    if (weights[0])
      throw new RangeError(`tokenLogps: expected the first token of sequence ${r} to be masked, got unmasked`);
    for (let t = 1; t < ids.length; t++)
      if (weights[t]) {
        at.push(packing.tokens[r]![t - 1]!); // logits at t-1 predict token t
        targets.push(ids[t]!);
        owners.push(r);
      }
  });
  const selected = takeRows(model.hidden(params, packing), tf.tensor1d(at, "int32"));
  const head = param<tf.Tensor2D>(params, headName(model.config));
  return {
    values: targetLogps(selected, head, Int32Array.from(targets), {
      frozen: isAdapted(params),
      cap: model.config.logitCap,
    }),
    owners: Int32Array.from(owners),
  };
}

/** Weighted sums [R] over the unmasked tokens of each sequence, 0 where there is none. */
export function sequenceLogps(model: Transformer, params: Params, sequences: readonly WeightedSequence[]): tf.Tensor1D {
  const { values, owners } = tokenLogps(model, params, sequences);
  const weights = sequences.flatMap((sequence) => Array.from(sequence.weights.filter((weight) => weight > 0)));
  const masked = weights.every((weight) => weight === 1);
  const weighted = masked ? values : tf.mul(values, tf.tensor1d(weights));
  const sums = tf.unsortedSegmentSum(tf.reshape(weighted, [-1, 1]), tf.tensor1d(owners, "int32"), sequences.length);
  return tf.reshape(sums, [sequences.length]);
}

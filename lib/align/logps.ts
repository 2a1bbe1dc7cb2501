/**
 * Weighted sums of token log-probabilities (Eq. 3, 5) of sequences. R sequences, M unmasked tokens: those whose weight
 * is above 0.
 * Nothing is computed that no unmasked token needs: no padding, no common beginning twice, nothing behind the last
 * unmasked token, and the LM head only where the next token is unmasked.
 */
import * as tf from "@tensorflow/tfjs";
import type { Predictions } from "../engine/distributions";
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

/** What predicts the unmasked tokens, sequence after sequence. */
export interface UnmaskedStates extends Predictions {
  /** [M] ids */
  targets: Int32Array;
}

/**
 * Differentiable in `params`.
 * @throws RangeError when the first token of a sequence, which has no prediction, is unmasked
 */
export function unmaskedStates(
  model: Transformer,
  params: Params,
  sequences: readonly WeightedSequence[],
): UnmaskedStates {
  const packing = packWeighted(sequences);
  const at: number[] = [];
  const targets: number[] = [];
  sequences.forEach(({ ids, weights }, r) => {
    if (weights[0])
      throw new RangeError(`unmaskedStates: expected the first token of sequence ${r} to be masked, got unmasked`);
    for (let t = 1; t < ids.length; t++)
      if (weights[t]) {
        at.push(packing.tokens[r]![t - 1]!); // logits at t-1 predict token t
        targets.push(ids[t]!);
      }
  });
  return {
    hidden: takeRows(model.hidden(params, packing), tf.tensor1d(at, "int32")),
    head: param<tf.Tensor2D>(params, headName(model.config)),
    targets: Int32Array.from(targets),
    cap: model.config.logitCap,
  };
}

/** Log-probabilities [M] of the unmasked tokens, sequence after sequence. @throws RangeError as `unmaskedStates` */
export function tokenLogps(model: Transformer, params: Params, sequences: readonly WeightedSequence[]): tf.Tensor1D {
  const { hidden, head, targets, cap } = unmaskedStates(model, params, sequences);
  return targetLogps(hidden, head, targets, { frozen: isAdapted(params), cap });
}

/**
 * Log-probabilities of every completion token of R sequences, whatever its mask: [R][completion].
 * @param params of which nothing stays that is made for this
 */
export async function wholeCompletionLogps(
  model: Transformer,
  params: () => Params,
  sequences: readonly { ids: Int32Array; promptLength: number }[],
): Promise<Float32Array[]> {
  const values = tf.tidy(() =>
    tokenLogps(
      model,
      params(),
      sequences.map(({ ids, promptLength }) => ({ ids, weights: new Float32Array(ids.length).fill(1, promptLength) })),
    ),
  );
  const all = await values.data<"float32">();
  values.dispose();
  let start = 0;
  return sequences.map(({ ids, promptLength }) => all.slice(start, (start += ids.length - promptLength)));
}

/** Weighted sums [R] of values [M] of the unmasked tokens, 0 where a sequence has none. */
export function sequenceSums(
  values: tf.Tensor1D,
  sequences: readonly Pick<WeightedSequence, "weights">[],
): tf.Tensor1D {
  const owners = sequences.flatMap(({ weights }, r) =>
    Array.from(
      weights.filter((weight) => weight > 0),
      () => r,
    ),
  );
  return sumsBy(weighted(values, sequences), owners, sequences.length);
}

/** Values [M] of the unmasked tokens times their weights. */
export function weighted(values: tf.Tensor1D, sequences: readonly Pick<WeightedSequence, "weights">[]): tf.Tensor1D {
  const weights = sequences.flatMap((sequence) => Array.from(sequence.weights.filter((weight) => weight > 0)));
  const masked = weights.every((weight) => weight === 1);
  return masked ? values : tf.mul(values, tf.tensor1d(weights));
}

/** Sums [count] of values [M] by owner [M]. */
export function sumsBy(values: tf.Tensor1D, owners: number[], count: number): tf.Tensor1D {
  const sums = tf.unsortedSegmentSum(tf.reshape(values, [-1, 1]), tf.tensor1d(owners, "int32"), count);
  return tf.reshape(sums, [count]);
}

/** Weighted sums [R] of log-probabilities over the unmasked tokens of each sequence, 0 where there is none. */
export function sequenceLogps(model: Transformer, params: Params, sequences: readonly WeightedSequence[]): tf.Tensor1D {
  return sequenceSums(tokenLogps(model, params, sequences), sequences);
}

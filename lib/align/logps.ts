/**
 * Masked sums of token log-probabilities (Eq. 3, 5) of sequences. R sequences, M unmasked tokens.
 * Nothing is computed that no unmasked token needs: no padding, no common beginning twice, nothing behind the last
 * unmasked token, and the LM head only where the next token is unmasked.
 */
import * as tf from "@tensorflow/tfjs";
import { targetLogps } from "../engine/head";
import { takeRows } from "../engine/kernels";
import { headName, isAdapted, param, type Llama, type Params } from "../model/llama";
import { packSequences, type Packing } from "../model/packing";

/** Ids [T] and 0/1 lossMask [T]; a token's mask says whether its own log-probability counts. */
export interface MaskedSequence {
  ids: Int32Array;
  lossMask: Uint8Array;
}

/** What of sequences is computed: the last unmasked token itself is only predicted, never read. */
export function packMasked(sequences: readonly MaskedSequence[]): Packing {
  return packSequences(sequences.map(({ ids, lossMask }) => ids.subarray(0, Math.max(1, lossMask.lastIndexOf(1)))));
}

/** Log-probabilities [M] of the unmasked tokens, sequence after sequence, and the sequence [M] of each; differentiable in `params`. @throws RangeError when the first token of a sequence, which has no prediction, is unmasked */
export function tokenLogps(
  model: Llama,
  params: Params,
  sequences: readonly MaskedSequence[],
): { values: tf.Tensor1D; owners: Int32Array } {
  const packing = packMasked(sequences);
  const at: number[] = [],
    targets: number[] = [],
    owners: number[] = [];
  sequences.forEach(({ ids, lossMask }, r) => {
    if (lossMask[0])
      throw new RangeError(`tokenLogps: expected the first token of sequence ${r} to be masked, got unmasked`);
    for (let t = 1; t < ids.length; t++)
      if (lossMask[t]) {
        at.push(packing.tokens[r]![t - 1]!); // logits at t-1 predict token t
        targets.push(ids[t]!);
        owners.push(r);
      }
  });
  const selected = takeRows(model.hidden(params, packing), tf.tensor1d(at, "int32"));
  const head = param<tf.Tensor2D>(params, headName(model.config));
  return {
    values: targetLogps(selected, head, Int32Array.from(targets), isAdapted(params)),
    owners: Int32Array.from(owners),
  };
}

/** Sums [R] over the unmasked tokens of each sequence, 0 where there is none. */
export function sequenceLogps(model: Llama, params: Params, sequences: readonly MaskedSequence[]): tf.Tensor1D {
  const { values, owners } = tokenLogps(model, params, sequences);
  return tf.reshape(
    tf.unsortedSegmentSum(tf.reshape(values, [-1, 1]), tf.tensor1d(owners, "int32"), sequences.length),
    [sequences.length],
  );
}

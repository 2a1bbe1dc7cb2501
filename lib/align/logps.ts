/**
 * Masked sums of token log-probabilities (Eq. 3, 5) of a batch. R rows, T positions, M unmasked tokens.
 * Only unmasked tokens reach the LM head, and columns after the last unmasked token of the batch are never computed.
 */
import * as tf from "@tensorflow/tfjs";
import { targetLogps, takeRows } from "../engine/kernels";
import { headName, param, type Llama, type Params } from "../model/llama";

/** Right-padded ids [R, T] and 0/1 lossMask [R, T]; a token's mask says whether its own log-probability counts. */
export interface MaskedBatch {
  ids: Int32Array;
  lossMask: Uint8Array;
  /** [R, T] */
  shape: [number, number];
}

/** The batch without its columns after the last unmasked token (at least two remain). */
export function trimBatch(batch: MaskedBatch): MaskedBatch {
  const [rows, width] = batch.shape;
  let last = 1;
  batch.lossMask.forEach((m, i) => { if (m) last = Math.max(last, i % width); });
  const length = Math.min(width, last + 1);
  if (length === width) return batch;
  const cut = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
    for (let r = 0; r < rows; r++) to.set(from.subarray(r * width, r * width + length), r * length);
    return to;
  };
  return { ids: cut(batch.ids, new Int32Array(rows * length)), lossMask: cut(batch.lossMask, new Uint8Array(rows * length)), shape: [rows, length] };
}

/** Sums [R] of log p over unmasked tokens; differentiable in `params`. The first token of a row has no prediction and must be masked. */
export function sequenceLogps(model: Llama, params: Params, batch: MaskedBatch): tf.Tensor1D {
  const { ids, lossMask, shape: [rows, length] } = trimBatch(batch);
  const positions: number[] = [], targets: number[] = [], owners: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (!lossMask[i]) continue;
    if (i % length === 0) throw new RangeError(`sequenceLogps: expected the first token of row ${i / length} to be masked, got unmasked`);
    positions.push(i - 1); // logits at t-1 predict token t
    targets.push(ids[i]!);
    owners.push(Math.floor(i / length));
  }
  const hidden = model.hidden(params, tf.tensor2d(ids, [rows, length], "int32"));
  const selected = takeRows(hidden, tf.tensor1d(positions, "int32"));
  const logps = targetLogps(selected, param<tf.Tensor2D>(params, headName(model.config)), tf.tensor1d(targets, "int32"));
  return sumByOwner(logps, tf.tensor1d(owners, "int32"), rows);
}

/** values [M] -> sums [rows] of the values each row owns. */
function sumByOwner(values: tf.Tensor1D, owners: tf.Tensor1D, rows: number): tf.Tensor1D {
  return tf.reshape(tf.unsortedSegmentSum(tf.reshape(values, [-1, 1]), owners, rows), [rows]);
}

/**
 * LM head and log-softmax at chosen positions, with the gradient written by hand. M positions, D hidden, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";
import { widened, widenedRows } from "./half";
import { withGradient } from "./kernels";
import { recomputed } from "./recompute";

/** Logits held at once: so many floats, and their softmax beside them. */
export const mostLogits = 1 << 26;

/** How many positions are computed at once for V ids. */
export function headRows(V: number, most = mostLogits): number {
  return Math.max(1, Math.floor(most / V));
}

/**
 * log p(target) [M] from hidden [M, D] and head [V, D]. Where the logits are too many to be held, they are computed in
 * chunks, and again on the way back.
 * @param frozen the head has no gradient: it would be as large as the head itself
 */
export function targetLogps(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  frozen = false,
  most = mostLogits,
): tf.Tensor1D {
  const rows = headRows(head.shape[0], most);
  if (targets.length <= rows) return chunkLogps(hidden, head, targets, frozen);
  const sizes = Array.from({ length: Math.ceil(targets.length / rows) }, (_, i) =>
    Math.min(rows, targets.length - i * rows),
  );
  return tf.concat(
    tf.split<tf.Tensor2D>(hidden, sizes).map((part, i) => {
      const own = targets.subarray(i * rows, (i + 1) * rows);
      return frozen
        ? recomputed([part], ([part]) => chunkLogps(part, head, own, true))
        : recomputed([part, head], ([part, head]) => chunkLogps(part, head, own, false));
    }),
  );
}

/** The softmax [M, V] is kept once; what a one-hot matrix would subtract from it goes through rows instead. */
function chunkLogps(hidden: tf.Tensor2D, head: tf.Tensor2D, targets: Int32Array, frozen: boolean): tf.Tensor1D {
  return withGradient<tf.Tensor2D[], tf.Tensor1D>(frozen ? [hidden] : [hidden, head], (_inputs, save) => {
    const [M, V] = [hidden.shape[0], head.shape[0]];
    const ids = tf.tensor1d(targets, "int32");
    const logits = tf.matMul(hidden, widened(head), false, true); // [M, V]
    const softmax = tf.softmax(logits);
    save(frozen ? [hidden, softmax, ids] : [hidden, softmax, ids, head]);
    const flat = tf.add(tf.range(0, M * V, V, "int32"), ids);
    // = 1 / sum exp(logit - max), at least 1/V: its logarithm is safe where that of p(target) is not
    const largest = tf.max(softmax, 1);
    return {
      value: tf.add(tf.sub(tf.gather(tf.reshape(logits, [-1]), flat), tf.max(logits, 1)), tf.log(largest)),
      gradient: (dy, saved) => {
        // d logits = dy (onehot - softmax)
        const [hidden, softmax, ids, own = head] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor2D?];
        const scale = tf.reshape(dy, [-1, 1]);
        const scaled = tf.mul(hidden, scale); // weights go on [M, D], not on [M, V]
        const dHidden = tf.mul(tf.sub(widenedRows(own, ids), tf.matMul(softmax, widened(own))), scale);
        return frozen
          ? [dHidden]
          : [dHidden, tf.sub(tf.unsortedSegmentSum(scaled, ids, V), tf.matMul(softmax, scaled, true, false))];
      },
    };
  });
}

/**
 * LM head and log-softmax at chosen positions, with the gradient written by hand. M positions, D hidden, V vocabulary.
 */
import * as tf from "@tensorflow/tfjs";
import { softCapped, softCappedSlope } from "./attention";
import { widened, widenedRows } from "./half";
import { withGradient } from "./kernels";
import { recomputed } from "./recompute";

interface HeadOptions {
  frozen?: boolean;
  cap?: number;
}

/** Logits held at once: so many floats, and their softmax beside them. */
export const mostLogits = 1 << 26;

/** How many positions are computed at once for V ids. */
export function headRows(V: number, most = mostLogits): number {
  return Math.max(1, Math.floor(most / V));
}

/**
 * log p(target) [M] from hidden [M, D] and head [V, D]. Where the logits are too many to be held, they are computed in
 * chunks, and again on the way back.
 * @param options `frozen`: the head has no gradient, which would be as large as the head itself; `cap`: logits are
 * cap * tanh(logit / cap)
 */
export function targetLogps(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  { frozen = false, cap, most = mostLogits }: HeadOptions & { most?: number } = {},
): tf.Tensor1D {
  return inParts(hidden, head, { frozen, most }, (hidden, head, at, count) =>
    chunkLogps(hidden, head, targets.subarray(at, at + count), { frozen, cap }),
  );
}

/**
 * `compute` of hidden states [M, D] in parts of which the logits can be held; of several, each is computed again on the
 * way back.
 * @param compute [count] of the states from `at` on
 */
export function inParts(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  { frozen, most }: { frozen: boolean; most: number },
  compute: (hidden: tf.Tensor2D, head: tf.Tensor2D, at: number, count: number) => tf.Tensor1D,
): tf.Tensor1D {
  const parts = headParts(hidden, head, most);
  if (parts.length === 1) return compute(hidden, head, 0, hidden.shape[0]);
  return tf.concat(
    parts.map(({ part, at, count }) =>
      frozen
        ? recomputed([part], ([part]) => compute(part, head, at, count))
        : recomputed([part, head], ([part, head]) => compute(part, head, at, count)),
    ),
  );
}

/** Hidden states [M, D] in parts of which the logits can be held, and where each begins. */
export function headParts(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  most: number,
): { part: tf.Tensor2D; at: number; count: number }[] {
  const rows = headRows(head.shape[0], most);
  const total = hidden.shape[0];
  if (total <= rows) return [{ part: hidden, at: 0, count: total }];
  const sizes = Array.from({ length: Math.ceil(total / rows) }, (_, i) => Math.min(rows, total - i * rows));
  return tf.split<tf.Tensor2D>(hidden, sizes).map((part, i) => ({ part, at: i * rows, count: sizes[i]! }));
}

/** Logits [M, V] of hidden states [M, D], capped where there is a cap. */
export function headLogits(hidden: tf.Tensor2D, head: tf.Tensor2D, cap: number | undefined): tf.Tensor2D {
  return tf.tidy(() => {
    const product = tf.matMul<tf.Tensor2D>(hidden, widened(head), false, true);
    return cap ? softCapped(product, cap) : product;
  });
}

/** The softmax [M, V] is kept once; what a one-hot matrix would subtract from it goes through rows instead. */
function chunkLogps(
  hidden: tf.Tensor2D,
  head: tf.Tensor2D,
  targets: Int32Array,
  { frozen, cap }: HeadOptions,
): tf.Tensor1D {
  return withGradient<tf.Tensor2D[], tf.Tensor1D>(frozen ? [hidden] : [hidden, head], (_inputs, save) => {
    const [M, V] = [hidden.shape[0], head.shape[0]];
    const ids = tf.tensor1d(targets, "int32");
    const logits = headLogits(hidden, head, cap);
    const softmax = tf.softmax(logits);
    const flat = tf.add(tf.range(0, M * V, V, "int32"), ids);
    // of a capped logit 1 - tanh^2 goes on: of the target's, and of all others with their softmax
    const slopes = cap ? softCappedSlope(logits, cap) : undefined;
    const slope = slopes && tf.reshape(tf.gather(tf.reshape(slopes, [-1]), flat), [M, 1]);
    const steep = slopes ? tf.mul<tf.Tensor2D>(softmax, slopes) : softmax;
    save([hidden, steep, ids, ...(frozen ? [] : [head]), ...(slope ? [slope] : [])]);
    // = 1 / sum exp(logit - max), at least 1/V: its logarithm is safe where that of p(target) is not
    const largest = tf.max(softmax, 1);
    return {
      value: tf.add(tf.sub(tf.gather(tf.reshape(logits, [-1]), flat), tf.max(logits, 1)), tf.log(largest)),
      gradient: (dy, saved) => {
        // d logits = dy (onehot - softmax)
        const [hidden, steep, ids, ...rest] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, ...tf.Tensor2D[]];
        const own = frozen ? head : rest[0]!;
        const slope = cap ? rest.at(-1)! : undefined;
        const ofTargets = (x: tf.Tensor2D): tf.Tensor2D => (slope ? tf.mul(x, slope) : x);
        const scale = tf.reshape(dy, [-1, 1]);
        const scaled = tf.mul<tf.Tensor2D>(hidden, scale); // weights go on [M, D], not on [M, V]
        const dHidden = tf.mul(tf.sub(ofTargets(widenedRows(own, ids)), tf.matMul(steep, widened(own))), scale);
        if (frozen) return [dHidden];
        const dHead = tf.sub(tf.unsortedSegmentSum(ofTargets(scaled), ids, V), tf.matMul(steep, scaled, true, false));
        return [dHidden, dHead];
      },
    };
  });
}

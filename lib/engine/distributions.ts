/**
 * What heads make of hidden states beside the log-probability of one target (`head.ts`): divergences between two
 * distributions over the vocabulary, and how sharp one is. M positions, D hidden, V vocabulary. As there, where the
 * logits are too many to be held, they are computed in chunks, and again on the way back.
 */
import * as tf from "@tensorflow/tfjs";
import { softCappedSlope } from "./attention";
import { widened } from "./half";
import { headLogits, headParts, inParts, mostLogits } from "./head";
import { withGradient } from "./kernels";

/** Hidden states [M, D] with the head [V, D] they go through. */
export interface Predictions {
  hidden: tf.Tensor2D;
  head: tf.Tensor2D;
  /** logits are cap * tanh(logit / cap), where there is one */
  cap: number | undefined;
}

/** forward: KL(other || this); reverse: KL(this || other). */
export type Direction = "forward" | "reverse";

/**
 * KL divergences [M] between two sets of predictions, differentiable in the first alone; the other must still be there
 * on the way back.
 * @param frozen the head has no gradient either
 */
export function divergence(
  { hidden, head, cap }: Predictions,
  other: Predictions,
  direction: Direction,
  frozen = false,
  most = mostLogits,
): tf.Tensor1D {
  return inParts(hidden, head, { frozen, most }, (hidden, head, at, count) => {
    const whole = count === other.hidden.shape[0];
    const others = whole ? other : { ...other, hidden: tf.slice(other.hidden, [at], [count]) };
    return chunkDivergence({ hidden, head, cap }, others, direction, frozen);
  });
}

/** The slope of the logits [M, V] is kept once. */
function chunkDivergence(
  { hidden, head, cap }: Predictions,
  other: Predictions,
  direction: Direction,
  frozen: boolean,
): tf.Tensor1D {
  return withGradient<tf.Tensor2D[], tf.Tensor1D>(frozen ? [hidden] : [hidden, head], (_inputs, save) => {
    const logits = headLogits(hidden, head, cap);
    const steepness = cap && softCappedSlope(logits, cap);
    const own = freeing([logits], () => logSoftmax(logits));
    const others = tf.tidy(() => logSoftmax(headLogits(other.hidden, other.head, other.cap)));
    const { value, slope: ofLogits } = direction === "forward" ? forward(own, others) : reverse(own, others);
    const slope = steepness ? freeing([steepness, ofLogits], () => tf.mul(ofLogits, steepness)) : ofLogits;
    save(frozen ? [hidden, slope] : [hidden, slope, head]);
    return {
      value,
      gradient: (dy, saved) => {
        const [hidden, slope, own = head] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D?];
        const scale = tf.reshape(dy, [-1, 1]);
        const dHidden = tf.mul(tf.matMul(slope, widened(own)), scale);
        return frozen ? [dHidden] : [dHidden, tf.matMul(slope, tf.mul(hidden, scale), true, false)];
      },
    };
  });
}

/**
 * Divergences [M] of log-probabilities [M, V], which are freed, and their slopes [M, V] in the logits of the first.
 * Four such arrays are held at once.
 */
type Compare = (own: tf.Tensor2D, others: tf.Tensor2D) => { value: tf.Tensor1D; slope: tf.Tensor2D };

const forward: Compare = (own, others) => {
  const q = tf.exp(others);
  const apart = freeing([others], () => tf.sub(others, own));
  const value = freeing([apart], () => tf.sum<tf.Tensor1D>(tf.mul(q, apart), 1));
  return { value, slope: freeing([own, q], () => tf.sub<tf.Tensor2D>(tf.exp(own), q)) };
};

const reverse: Compare = (own, others) => {
  const p = tf.exp(own);
  const apart = freeing([own, others], () => tf.sub(own, others));
  const value = tf.tidy(() => tf.sum<tf.Tensor1D>(tf.mul(p, apart), 1));
  return { value, slope: freeing([p, apart], () => tf.mul(p, tf.sub(apart, tf.reshape(value, [-1, 1])))) };
};

/** What `compute` makes of tensors that nobody needs after it. */
function freeing<T extends tf.Tensor>(spent: tf.Tensor[], compute: () => T): T {
  const made = tf.tidy(compute);
  tf.dispose(spent);
  return made;
}

/** log sum p^2 [M] over the vocabulary, as a constant. */
export function logSumSquares({ hidden, head, cap }: Predictions, most = mostLogits): tf.Tensor1D {
  const { shape } = hidden; // which is gone on the way back
  return withGradient([hidden], ([hidden]) => ({
    value: tf.concat(
      headParts(hidden, head, most).map(({ part }) =>
        tf.tidy(() => {
          const softmax = tf.tidy(() => tf.softmax(headLogits(part, head, cap)));
          return tf.log(tf.sum(tf.square(softmax), 1));
        }),
      ),
    ) as tf.Tensor1D,
    gradient: () => [tf.zeros(shape)],
  }));
}

function logSoftmax(logits: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const largest = tf.max(logits, 1, true);
    const total = tf.tidy(() => tf.log(tf.sum(tf.exp(tf.sub(logits, largest)), 1, true)));
    return tf.sub(logits, tf.add(largest, total));
  });
}

/**
 * The objective of Mask-DPO (paper Eq. 6): -log sigmoid(beta (M_w - M_l)), where M_w and M_l (Eq. 5) are policy minus
 * reference log-probabilities summed over unmasked tokens. What is masked was decided before: with nothing masked
 * this is DPO (Eq. 2). A pure function of four [B] tensors; it knows neither model nor mask.
 */
import * as tf from "@tensorflow/tfjs";
import { withGradient } from "../../engine/kernels";

/** Masked sums of token log-probabilities, each [B]. */
export interface PairLogps {
  policyChosen: tf.Tensor1D;
  policyRejected: tf.Tensor1D;
  referenceChosen: tf.Tensor1D;
  referenceRejected: tf.Tensor1D;
}

/** Losses [B] (not yet averaged) and the rewards beta * logratio [B] of both sides. */
export function maskDpoLoss(
  { policyChosen, policyRejected, referenceChosen, referenceRejected }: PairLogps,
  beta: number,
): { losses: tf.Tensor1D; chosenRewards: tf.Tensor1D; rejectedRewards: tf.Tensor1D } {
  const chosenRewards = tf.mul(tf.sub(policyChosen, referenceChosen), beta) as tf.Tensor1D;
  const rejectedRewards = tf.mul(tf.sub(policyRejected, referenceRejected), beta) as tf.Tensor1D;
  return {
    losses: negLogSigmoid(tf.sub(chosenRewards, rejectedRewards) as tf.Tensor1D),
    chosenRewards,
    rejectedRewards,
  };
}

/** -log sigmoid(x) = max(-x, 0) + log(1 + exp(-|x|)): finite for every finite x; its slope is -sigmoid(-x). */
function negLogSigmoid(x: tf.Tensor1D): tf.Tensor1D {
  return withGradient([x], ([x], save) => {
    save([x]);
    return {
      value: tf.add(tf.relu(tf.neg(x)), tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1))) as tf.Tensor1D,
      gradient: (dy, [x]) => [tf.neg(tf.mul(dy, tf.sigmoid(tf.neg(x!))))],
    };
  });
}

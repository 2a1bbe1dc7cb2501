// DPO on four tensors [B] of weighted sums.
import * as tf from "@tensorflow/tfjs";
import { dpo } from "../../../lib/align/objective/pairwise/dpo";
import { TensorValue } from "../../../lib/align/objective/tensorValue";

export type Sums = Record<"policyChosen" | "policyRejected" | "referenceChosen" | "referenceRejected", tf.Tensor1D>;

export function dpoLosses(
  sums: Sums,
  beta: number,
): Record<"losses" | "chosenRewards" | "rejectedRewards", tf.Tensor1D> {
  const tokens = new TensorValue(tf.onesLike(sums.policyChosen));
  const side = (policy: tf.Tensor1D, reference: tf.Tensor1D) => {
    const logps = new TensorValue(policy);
    return { logps, tokens, logratio: logps.sub(new TensorValue(reference)) };
  };
  const chosen = side(sums.policyChosen, sums.referenceChosen);
  const rejected = side(sums.policyRejected, sums.referenceRejected);
  const { losses, chosenRewards, rejectedRewards } = dpo.losses(
    { chosen, rejected },
    { beta },
    { zero: 0, sentenceZero: 0, sentencesPerPair: 0 },
  );
  return {
    losses: losses.tensor,
    chosenRewards: chosenRewards.tensor,
    rejectedRewards: rejectedRewards.tensor,
  };
}

/**
 * What training asks of a policy on a few pairs: token log-probabilities, and the gradient of the loss. Pure functions
 * of weights [P]; who computes them, this process or several, is `compute.ts`'s business.
 */
import * as tf from "@tensorflow/tfjs";
import type { Llama, Params } from "../model/llama";
import { sidesOf, type TokenizedSide } from "../preference/collate";
import { unflatten, valueAndGradient, type FlatLayout } from "./flat";
import { maskDpoLoss } from "./objective/dpo";
import { sequenceLogps, tokenLogps } from "./logps";

/** The part of a pair that is computed with. */
export type PairIds = Record<"chosen" | "rejected", Pick<TokenizedSide, "ids" | "lossMask" | "promptLength">>;

/** Reference log-probabilities: masked sums, one per pair. */
export interface ReferenceLogps {
  chosen: Float32Array;
  rejected: Float32Array;
}

/** Per pair of a microbatch, [B] each. */
export type MicrobatchLog = Record<
  "losses" | "chosenRewards" | "rejectedRewards" | "policyChosen" | "policyRejected",
  Float32Array
>;

/** How what is trained becomes all parameters of the model: an adapter is completed by its frozen base. */
export type Complete = (trained: Params) => Params;
const itself: Complete = (trained) => trained;

/** Log-probabilities of every completion token, whatever its mask: [2B][completion], all chosen sides, then all rejected. */
export async function completionLogps(
  model: Llama,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  complete = itself,
): Promise<Float32Array[]> {
  const sides = sidesOf(pairs);
  const values = tf.tidy(
    () =>
      tokenLogps(
        model,
        complete(unflatten(weights, layout)),
        sides.map(({ ids, promptLength }) => ({ ids, lossMask: new Uint8Array(ids.length).fill(1, promptLength) })),
      ).values,
  );
  const all = await values.data<"float32">();
  values.dispose();
  let start = 0;
  return sides.map(({ ids, promptLength }) => all.slice(start, (start += ids.length - promptLength)));
}

/** Gradient [P] of the sum of losses times `scale`, and what is logged. @param reference [B] of these pairs */
export async function microbatchGradient(
  model: Llama,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  reference: ReferenceLogps,
  { beta, scale }: { beta: number; scale: number },
  complete = itself,
): Promise<{ gradient: tf.Tensor1D; log: MicrobatchLog }> {
  let kept: Record<keyof MicrobatchLog, tf.Tensor1D> | undefined;
  const { value, gradient } = valueAndGradient(weights, layout, (policy) => {
    const [policyChosen, policyRejected] = tf.split(sequenceLogps(model, complete(policy), sidesOf(pairs)), 2) as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    const result = maskDpoLoss(
      {
        policyChosen,
        policyRejected,
        referenceChosen: tf.tensor1d(reference.chosen),
        referenceRejected: tf.tensor1d(reference.rejected),
      },
      beta,
    );
    kept = { ...result, policyChosen, policyRejected };
    for (const tensor of Object.values(kept)) tf.keep(tensor);
    return tf.mul(tf.sum(result.losses), scale);
  });
  value.dispose();
  const log = Object.fromEntries(
    await Promise.all(Object.entries(kept!).map(async ([key, tensor]) => [key, await tensor.data()])),
  ) as MicrobatchLog;
  tf.dispose(kept!);
  return { gradient, log };
}

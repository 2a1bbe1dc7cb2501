/**
 * What training asks of a policy on a few pairs: token log-probabilities, and the gradient of the loss. Pure functions
 * of weights [P]; who computes them, this process or several, is `compute.ts`'s business.
 */
import * as tf from "@tensorflow/tfjs";
import type { Transformer } from "../model/transformer";
import type { Params } from "../model/params";
import { sidesOf, unmaskedTokens, type TokenizedSide } from "../preference/collate";
import { unflatten, valueAndGradient, type FlatLayout } from "./flat";
import type { PairLosses, ReferredSide, Side } from "./objective/objective";
import { objectiveNamed, type ObjectiveChoice } from "./objective/registry";
import { TensorValue } from "./objective/tensorValue";
import { sequenceLogps, tokenLogps } from "./logps";

/** The part of a pair that is computed with. */
export type PairIds = Record<"chosen" | "rejected", Pick<TokenizedSide, "ids" | "weights" | "promptLength">>;

/** Reference log-probabilities: weighted sums, one per pair. */
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

/**
 * Log-probabilities of every completion token, whatever its mask: [2B][completion], all chosen sides, then all
 * rejected.
 */
export async function completionLogps(
  model: Transformer,
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
        sides.map(({ ids, promptLength }) => ({ ids, weights: new Float32Array(ids.length).fill(1, promptLength) })),
      ).values,
  );
  const all = await values.data<"float32">();
  values.dispose();
  let start = 0;
  return sides.map(({ ids, promptLength }) => all.slice(start, (start += ids.length - promptLength)));
}

/** What of a microbatch is minimised. */
export interface Minimised {
  objective: ObjectiveChoice;
  /** [B] of these pairs, where the objective has a reference */
  reference?: ReferenceLogps;
  /** what the sum of the losses is multiplied by */
  scale: number;
}

/** Gradient [P] of the sum of losses times `scale`, and what is logged. */
export async function microbatchGradient(
  model: Transformer,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  { objective, reference, scale }: Minimised,
  complete = itself,
): Promise<{ gradient: tf.Tensor1D; log: MicrobatchLog }> {
  let kept: Record<keyof MicrobatchLog, tf.Tensor1D> | undefined;
  const { value, gradient } = valueAndGradient(weights, layout, (policy) => {
    const sums = tf.split(sequenceLogps(model, complete(policy), sidesOf(pairs)), 2) as [tf.Tensor1D, tf.Tensor1D];
    const [policyChosen, policyRejected] = sums;
    const { losses, chosenRewards, rejectedRewards } = pairLosses(
      objective,
      pairs,
      { policyChosen, policyRejected },
      reference,
    );
    kept = {
      losses: losses.tensor,
      chosenRewards: chosenRewards.tensor,
      rejectedRewards: rejectedRewards.tensor,
      policyChosen,
      policyRejected,
    };
    for (const tensor of Object.values(kept)) tf.keep(tensor);
    return tf.mul(tf.sum(losses.tensor), scale);
  });
  value.dispose();
  const log = Object.fromEntries(
    await Promise.all(Object.entries(kept!).map(async ([key, tensor]) => [key, await tensor.data()])),
  ) as MicrobatchLog;
  tf.dispose(kept!);
  return { gradient, log };
}

/** The objective on tensors [B]. @throws Error where it has a reference and none is given */
export function pairLosses(
  { name, options }: ObjectiveChoice,
  pairs: readonly PairIds[],
  policy: Record<"policyChosen" | "policyRejected", tf.Tensor1D>,
  reference?: ReferenceLogps,
): PairLosses<TensorValue> {
  const objective = objectiveNamed(name);
  const side = (key: "chosen" | "rejected", logps: tf.Tensor1D): Side<TensorValue> => ({
    logps: new TensorValue(logps),
    tokens: new TensorValue(tf.tensor1d(pairs.map((pair) => unmaskedTokens(pair[key].weights)))),
  });
  const chosen = side("chosen", policy.policyChosen);
  const rejected = side("rejected", policy.policyRejected);
  if (!objective.reference) return objective.losses({ chosen, rejected }, options);
  if (!reference) throw new Error(`pairLosses: expected the reference that ${name} has, got none`);
  const referred = (of: Side<TensorValue>, logps: Float32Array): ReferredSide<TensorValue> => ({
    ...of,
    logratio: of.logps.sub(new TensorValue(tf.tensor1d(logps))),
  });
  return objective.losses(
    { chosen: referred(chosen, reference.chosen), rejected: referred(rejected, reference.rejected) },
    options,
  );
}

/**
 * What training asks of a policy on a few pairs: token log-probabilities, and the gradient of the loss. Pure functions
 * of weights [P]; who computes them, this process or several, is `compute.ts`'s business.
 */
import * as tf from "@tensorflow/tfjs";
import type { Transformer } from "../model/transformer";
import type { Params } from "../model/params";
import { divergence, logSumSquares, type Predictions } from "../engine/distributions";
import { targetLogps } from "../engine/head";
import { isAdapted } from "../model/params";
import { sidesOf } from "../preference/collate";
import { unflatten, valueAndGradient, type FlatLayout } from "./flat";
import type { Batch } from "./objective/objective";
import { needsDistributions, needsOf, type ObjectiveChoice } from "./objective/registry";
import { unmaskedStates, wholeCompletionLogps, type WeightedSequence } from "./logps";
import type { PairIds, ReferenceLogps } from "./pairIds";
import { pairLosses } from "./parts";

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
export function completionLogps(
  model: Transformer,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  complete = itself,
): Promise<Float32Array[]> {
  return wholeCompletionLogps(model, () => complete(unflatten(weights, layout)), sidesOf(pairs));
}

/** What of a microbatch is minimised. */
export interface Minimised {
  objective: ObjectiveChoice;
  /** [B] of these pairs, where the objective has a reference */
  reference?: ReferenceLogps;
  /** of the whole step, where the objective looks at it (`needsBatch`) */
  batch?: Batch;
  /** what the sum of the losses is multiplied by */
  scale: number;
}

/**
 * Gradient [P] of the sum of losses times `scale`, and what is logged.
 * @param frozen the reference's weights [P], for an objective that needs its distributions (`needsDistributions`): its
 * forward pass comes first, of which the hidden states before the head stay
 */
export async function microbatchGradient(
  model: Transformer,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  pairs: readonly PairIds[],
  { objective, reference, batch, scale }: Minimised,
  complete = itself,
  frozen?: tf.Tensor1D,
): Promise<{ gradient: tf.Tensor1D; log: MicrobatchLog }> {
  const needs = needsOf(objective);
  const sides = sidesOf(pairs);
  const other = needsDistributions(needs) ? predictions(model, complete, layout, frozen, sides) : undefined;
  let kept: Record<keyof MicrobatchLog, tf.Tensor1D> | undefined;
  const { value, gradient } = valueAndGradient(weights, layout, (policy) => {
    const params = complete(policy);
    const states = unmaskedStates(model, params, sides);
    const adapted = isAdapted(params);
    const made = pairLosses(
      objective,
      pairs,
      {
        logps: targetLogps(states.hidden, states.head, states.targets, { frozen: adapted, cap: states.cap }),
        ...(needs.has("forwardKl") && { forwardKl: divergence(states, other!, "forward", adapted) }),
        ...(needs.has("reverseKl") && { reverseKl: divergence(states, other!, "reverse", adapted) }),
        ...(needs.has("alignment") && { logSumSquares: logSumSquares(states) }),
      },
      { reference, batch },
    );
    kept = {
      losses: made.losses.tensor,
      chosenRewards: made.chosenRewards.tensor,
      rejectedRewards: made.rejectedRewards.tensor,
      policyChosen: made.policyChosen,
      policyRejected: made.policyRejected,
    };
    for (const tensor of Object.values(kept)) tf.keep(tensor);
    return tf.mul(tf.sum(made.losses.tensor), scale);
  });
  tf.dispose([value, ...(other ? [other.hidden, other.head] : [])]);
  const log = Object.fromEntries(
    await Promise.all(Object.entries(kept!).map(async ([key, tensor]) => [key, await tensor.data()])),
  ) as MicrobatchLog;
  tf.dispose(kept!);
  return { gradient, log };
}

/** What predicts the unmasked tokens under frozen weights; the caller's. */
function predictions(
  model: Transformer,
  complete: Complete,
  layout: FlatLayout,
  weights: tf.Tensor1D | undefined,
  sides: readonly WeightedSequence[],
): Predictions {
  if (!weights) throw new Error("microbatchGradient: expected the reference's weights, got none");
  return tf.tidy(() => {
    const { hidden, head, cap } = unmaskedStates(model, complete(unflatten(weights, layout)), sides);
    return { hidden, head: tf.clone(head), cap };
  });
}

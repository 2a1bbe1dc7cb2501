/** A step's gradient: microbatches computed by whoever, added up, and what of them is logged. */
import * as tf from "@tensorflow/tfjs";
import { andMore, UserError } from "../base/check";
import { chunks } from "../base/collections";
import { unmaskedTokens, type TokenizedPair } from "../preference/collate";
import { batchOf, zeroPoints, type Mismatched } from "./batch";
import type { Microbatch, PairCompute } from "./compute";
import type { Batch } from "./objective/objective";
import { needsBatch, needsDistributions, needsOf } from "./objective/registry";
import { referenceOf, type PairIds, type ReferenceLogps } from "./pairIds";
import type { TrainOptions } from "./trainOptions";

/** What the steps of a training run compute on. */
export interface StepRequest {
  /** initial policy [P], which is the reference; stays the caller's */
  initial: tf.Tensor1D;
  /** computes on `pairs` (more may follow them in its list) */
  compute: PairCompute;
  pairs: readonly (PairIds & Pick<TokenizedPair, "questionId">)[];
  /** of `pairs`; none where the objective has no reference */
  reference?: ReferenceLogps;
  /** for an objective with zero points that are estimated */
  mismatched?: Mismatched;
  options: TrainOptions;
}

export type Sums = Record<
  | "loss"
  | "chosenReward"
  | "rejectedReward"
  | "chosenLogps"
  | "rejectedLogps"
  | "accuracy"
  | "unmasked"
  | "completionTokens"
  | "tokens",
  number
>;

/** Gradient [P] of the mean loss over the batch, accumulated over microbatches, and sums of what is logged. */
export async function batchGradient(
  { compute, initial, pairs, reference, mismatched, options }: StepRequest,
  weights: tf.Tensor1D,
  members: readonly number[],
): Promise<{ gradient: tf.Tensor1D; sums: Sums; batch?: Batch }> {
  const sums: Sums = {
    loss: 0,
    chosenReward: 0,
    rejectedReward: 0,
    chosenLogps: 0,
    rejectedLogps: 0,
    accuracy: 0,
    unmasked: 0,
    completionTokens: 0,
    tokens: 0,
  };
  const add = (key: keyof Sums, values: Iterable<number>) => {
    for (const v of values) sums[key] += v;
  };
  const batch = await batchFor({ compute, pairs, mismatched, options }, weights, members);
  const microbatches = chunks(members, options.microbatch).map((micro): Microbatch => ({
    members: micro,
    reference: reference && referenceOf(reference, micro),
    objective: options.objective,
    batch,
    scale: 1 / members.length,
  }));
  const frozen = needsDistributions(needsOf(options.objective)) ? initial : undefined;
  let total: tf.Tensor1D | undefined;
  let next = 0;
  for await (const { gradient, log } of compute.gradients(weights, microbatches, frozen)) {
    const micro = microbatches[next++]!.members;
    const sum: tf.Tensor1D = total ? tf.add(total, gradient) : gradient;
    if (total) tf.dispose([total, gradient]);
    total = sum;
    const bad = micro.filter((_, i) => !Number.isFinite(log.losses[i]));
    if (bad.length > 0) {
      total.dispose();
      throw nonFinite(
        "loss",
        bad.map((i) => pairs[i]!.questionId),
      );
    }
    add("loss", log.losses);
    add("chosenReward", log.chosenRewards);
    add("rejectedReward", log.rejectedRewards);
    add("chosenLogps", log.policyChosen);
    add("rejectedLogps", log.policyRejected);
    add(
      "accuracy",
      log.chosenRewards.map((c, i) => (c > log.rejectedRewards[i]! ? 1 : 0)),
    );
    for (const i of micro)
      for (const side of [pairs[i]!.chosen, pairs[i]!.rejected]) {
        sums.unmasked += unmaskedTokens(side.weights);
        sums.completionTokens += side.ids.length - side.promptLength;
        sums.tokens += side.ids.length;
      }
  }
  return { gradient: total!, sums, batch };
}

/** What the objective takes of the whole step, if anything. */
async function batchFor(
  { compute, pairs, mismatched, options }: Omit<StepRequest, "reference" | "initial">,
  weights: tf.Tensor1D,
  members: readonly number[],
): Promise<Batch | undefined> {
  const needs = needsOf(options.objective);
  if (!needsBatch(needs)) return undefined;
  const own = members.map((i) => pairs[i]!);
  if (!needs.has("zero")) return batchOf(own);
  if (!mismatched) throw new Error("train: expected mismatched completions to estimate zero points from, got none");
  return batchOf(own, await zeroPoints(compute, weights, mismatched, members, options.microbatch));
}

export function nonFinite(what: "loss" | "gradient", ids: readonly string[]): UserError {
  return new UserError({
    where: "train",
    expected: `a finite ${what}`,
    got: `a non-finite one for pairs ${andMore(ids)}`,
    fix: "Lower the learning rate, or inspect those pairs with `mask-dpo inspect`. The last checkpoint is kept.",
  });
}

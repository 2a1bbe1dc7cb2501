/**
 * Training on pairs (paper §2.2, App. A): an async generator of step logs, and the only owner of long-lived tensors.
 * Deviates from official: gradients are averaged over the batch's pairs exactly, whatever the microbatch.
 */
import * as tf from "@tensorflow/tfjs";
import { breathe } from "../base/progress";
import { UserError } from "../base/check";
import type { Rng } from "../base/rng";
import { adamwFrom, adamwInit, adamwUpdate, clipFactor, downloadMoments, gradientNorm } from "../engine/adamw";
import type { AdamWState } from "../engine/adamw";
import { warmupCosine } from "../engine/schedule";
import { batchGradient, nonFinite, type StepRequest, type Sums } from "./batchGradient";
import type { StepLog, TrainOptions } from "./trainOptions";

/** Everything a run needs to go on: weights [P], both moments [P], steps taken. */
export interface TrainState {
  step: number;
  weights: Float32Array;
  m: Float32Array;
  v: Float32Array;
}

export interface TrainRequest extends StepRequest {
  rng: Rng;
  resume?: TrainState;
  /**
   * called with a copy of the state after every `checkpointEvery` (10) steps, after `checkpointSteps`, and after the
   * step with which the caller ends the loop, once that step's log was taken
   */
  checkpoint?: (state: TrainState) => void;
  checkpointEvery?: number;
  checkpointSteps?: readonly number[];
}

/**
 * Yields a log per step; returns the final state.
 * @throws UserError on an empty pair set, or a non-finite loss or gradient (names the pairs)
 */
export async function* train(request: TrainRequest): AsyncGenerator<StepLog, TrainState> {
  const { initial, pairs, options, rng, resume } = request;
  if (pairs.length === 0)
    throw new UserError({
      where: "train",
      expected: "at least one preference pair",
      got: "none",
      fix: "Look at the report of `mask-dpo pairs`: it counts what each filter dropped.",
    });
  const perEpoch = Math.ceil(pairs.length / options.batch);
  const steps = perEpoch * options.epochs;
  let weights = resume ? tf.tensor1d(resume.weights) : tf.clone(initial);
  let adam = resume ? adamwFrom(resume.m, resume.v, resume.step) : adamwInit(weights.size);
  let seconds = 0;
  let handedOut = false; // whether the caller has the log of a step, and may end here
  try {
    for (let step = adam.step; step < steps; step++) {
      const started = performance.now();
      const epoch = Math.floor(step / perEpoch);
      const members = batchMembers(rng, pairs.length, options, step);
      const { gradient, sums, batch } = await batchGradient(request, weights, members);
      const norm = await gradientNorm(gradient);
      if (!Number.isFinite(norm)) {
        // before the update: the last checkpoint must stay usable
        gradient.dispose();
        throw nonFinite(
          "gradient",
          members.map((i) => pairs[i]!.questionId),
        );
      }
      const lr = learningRate(options, pairs.length, step);
      const next = adamwUpdate(weights, gradient, adam, { ...options, lr, factor: clipFactor(norm, options.clip) });
      tf.dispose([gradient, weights]);
      ({ weights, state: adam } = next);
      const took = (performance.now() - started) / 1000;
      seconds += took;
      const per = (key: keyof Sums) => sums[key] / members.length;
      handedOut = true;
      yield {
        step: step + 1,
        steps,
        epoch: epoch + 1,
        loss: per("loss"),
        chosenReward: per("chosenReward"),
        rejectedReward: per("rejectedReward"),
        chosenLogps: per("chosenLogps"),
        rejectedLogps: per("rejectedLogps"),
        accuracy: per("accuracy"),
        margin: per("chosenReward") - per("rejectedReward"),
        gradNorm: norm,
        lr,
        maskedShare: 1 - sums.unmasked / sums.completionTokens,
        tokensPerSecond: sums.tokens / took,
        ...(batch && { zero: batch.zero }),
        etaSeconds: (seconds / (step + 1 - (resume?.step ?? 0))) * (steps - step - 1),
      };
      handedOut = false;
      if (
        request.checkpoint &&
        (adam.step % (request.checkpointEvery ?? 10) === 0 || request.checkpointSteps?.includes(adam.step))
      )
        request.checkpoint(await snapshot(weights, adam));
      await breathe();
    }
    return await snapshot(weights, adam);
  } finally {
    if (handedOut) request.checkpoint?.(await snapshot(weights, adam));
    tf.dispose([weights, adam.m, adam.v]);
  }
}

/** Warm-up, then a cosine to 0 over all epochs. */
export function learningRate({ lr, batch, epochs, warmup }: TrainOptions, count: number, step: number): number {
  const steps = Math.ceil(count / batch) * epochs;
  return lr * warmupCosine(step, steps, Math.ceil(warmup * steps));
}

/** Indices of the pairs of a step: every epoch takes each pair once, in an order of its own. */
export function batchMembers(rng: Rng, count: number, { batch }: Pick<TrainOptions, "batch">, step: number): number[] {
  const perEpoch = Math.ceil(count / batch);
  const start = (step % perEpoch) * batch;
  return rng
    .fork(`epoch ${Math.floor(step / perEpoch)}`)
    .shuffle(Array.from({ length: count }, (_, i) => i))
    .slice(start, start + batch);
}

/**
 * Numbers off the engine, which nothing changes any more.
 * @throws UserError rather than return weights nothing can go on from
 */
async function snapshot(weights: tf.Tensor1D, adam: AdamWState): Promise<TrainState> {
  const state = {
    step: adam.step,
    weights: await weights.data<"float32">(),
    ...(await downloadMoments(adam)),
  };
  if (state.weights.every(Number.isFinite)) return state;
  throw new UserError({
    where: "train",
    expected: `finite weights after step ${adam.step}`,
    got: "an update that overflowed",
    fix: "Lower the learning rate. The last checkpoint is kept.",
  });
}

/** What an objective takes of a whole step: KTO's zero points, and how many sentences there are. */
import type * as tf from "@tensorflow/tfjs";
import { chunks, sum } from "../base/collections";
import { sidesOf } from "../preference/collate";
import { sideNames } from "../preference/mask";
import type { PairCompute } from "./compute";
import type { Batch } from "./objective/objective";
import { meanAboveZero } from "./objective/zeroPoint";
import { referenceOf, type PairIds, type ReferenceLogps } from "./pairIds";
import { weightedSums, type CompletionLogps } from "./completionLogps";
import { countedSentences } from "./sentences";
import type { TrainingPairs } from "./trainingPairs";

/** Completions of other prompts among the pairs of `compute`. */
export interface Mismatched {
  pairs: readonly PairIds[];
  /** where in the list of `compute` they begin */
  first: number;
  /** of `pairs` */
  reference: ReferenceLogps;
}

/** Those of a run, with the reference of all its pairs; none where its objective needs none. */
export function mismatchedOf(
  { everything, mismatched: first }: TrainingPairs,
  reference: ReferenceLogps | undefined,
): Mismatched | undefined {
  if (first === undefined || !reference) return undefined;
  const pairs = everything.slice(first);
  return {
    first,
    pairs,
    reference: referenceOf(
      reference,
      pairs.map((_, i) => first + i),
    ),
  };
}

/** @param zeros where the objective has them estimated */
export function batchOf(pairs: readonly PairIds[], zeros = { zero: 0, sentenceZero: 0 }): Batch {
  const counts = sidesOf(pairs).map(({ weights, sentences }) =>
    sentences ? countedSentences(weights, sentences).labels.length : 0,
  );
  return { ...zeros, sentencesPerPair: sum(counts) / pairs.length };
}

/**
 * Means of log-ratios over mismatched completions, and over their sentences, under weights [P]; 0 where they are below.
 * @param chunk pairs per forward pass
 */
export async function zeroPoints(
  compute: PairCompute,
  weights: tf.Tensor1D,
  { pairs, first, reference }: Mismatched,
  members: readonly number[],
  chunk: number,
): Promise<Pick<Batch, "zero" | "sentenceZero">> {
  const logps: CompletionLogps = { chosen: [], rejected: [] };
  const parts = chunks(members, chunk);
  for await (const sides of compute.logps(
    weights,
    parts.map((part) => part.map((i) => first + i)),
  )) {
    logps.chosen.push(...sides.slice(0, sides.length / 2));
    logps.rejected.push(...sides.slice(sides.length / 2));
  }
  const policy = weightedSums(
    logps,
    members.map((i) => pairs[i]!),
  );
  const apart = (values: Float32Array, references: (j: number) => number) =>
    Array.from(values, (value, j) => value - references(j));
  return {
    zero: meanAboveZero(sideNames.flatMap((side) => apart(policy[side], (j) => reference[side][members[j]!]!))),
    sentenceZero: meanAboveZero(
      sideNames.flatMap((side) =>
        (policy.sentences?.[side] ?? []).flatMap((values, j) =>
          apart(values, (k) => reference.sentences![side][members[j]!]![k]!),
        ),
      ),
    ),
  };
}

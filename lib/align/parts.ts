/** What objectives take of pairs, as tensors: token values of all sides, summed as `SideParts` says. */
import * as tf from "@tensorflow/tfjs";
import { sidesOf, unmaskedTokens } from "../preference/collate";
import { sequenceSums, sumsBy, weighted } from "./logps";
import type { PairIds, ReferenceLogps } from "./pairIds";
import type { Batch, Pair, PairLosses, Sentence, SideParts } from "./objective/objective";
import { needsBatch, needsOf, objectiveNamed, type ObjectiveChoice } from "./objective/registry";
import { TensorValue } from "./objective/tensorValue";
import { countedSentences } from "./sentences";

/** Of the unmasked tokens [M] of all chosen sides, then all rejected ones. */
export interface TokenValues {
  /** log-probabilities under the policy */
  logps: tf.Tensor1D;
  /** KL(reference || policy) */
  forwardKl?: tf.Tensor1D;
  /** KL(policy || reference) */
  reverseKl?: tf.Tensor1D;
  /** log of the sum of squared probabilities under the policy */
  logSumSquares?: tf.Tensor1D;
}

/** What does not come from the policy. */
export interface Given {
  reference?: ReferenceLogps;
  batch?: Batch;
}

type Sides = Pair<TensorValue>;

/** For objectives that look at no more than pairs. */
const unseen: Batch = { zero: 0, sentenceZero: 0, sentencesPerPair: 0 };

/** The objective on B pairs, and the weighted sums [B] of log-probabilities that it saw. */
export function pairLosses(
  choice: ObjectiveChoice,
  pairs: readonly PairIds[],
  tokens: TokenValues,
  { reference, batch }: Given,
): PairLosses<TensorValue> & Record<"policyChosen" | "policyRejected", tf.Tensor1D> {
  const needs = needsOf(choice);
  const sides = sidesOf(pairs);
  const sums = (values: tf.Tensor1D): Sides => halves(sequenceSums(values, sides));
  const of = (values: (side: PairIds["chosen"]) => number): Sides => halves(tf.tensor1d(sides.map(values)));
  const parts: Partial<Record<keyof SideParts<TensorValue>, Pair<unknown>>> = {};
  const logps = sums(tokens.logps);
  parts.logps = logps;
  parts.tokens = of(({ weights }) => Math.max(1, unmaskedTokens(weights))); // a demonstration has no rejected side
  if (needs.has("logratio")) parts.logratio = mapSides((side) => logps[side].sub(constant(given(reference)[side])));
  if (needs.has("forwardKl")) parts.forwardKl = sums(given(tokens.forwardKl));
  if (needs.has("reverseKl")) parts.reverseKl = sums(given(tokens.reverseKl));
  if (needs.has("alignment")) parts.alignment = alignment(pairs, tokens);
  if (needs.has("label")) parts.label = of(({ label }) => given(label));
  if (needs.has("sentences")) parts.sentences = sentences(pairs, tokens.logps, given(reference));
  const side = (name: keyof Sides) =>
    Object.fromEntries(Object.entries(parts).map(([key, of]) => [key, of[name]])) as unknown as SideParts<TensorValue>;
  const { name, options } = choice;
  const ofStep = needsBatch(needs) ? given(batch) : unseen;
  return {
    ...objectiveNamed(name).losses({ chosen: side("chosen"), rejected: side("rejected") }, options, ofStep),
    policyChosen: logps.chosen.tensor,
    policyRejected: logps.rejected.tensor,
  };
}

/** Means over tokens that count, whatever their weights. */
function alignment(pairs: readonly PairIds[], { logps, logSumSquares }: TokenValues): Sides {
  const masks = sidesOf(pairs).map(({ weights }) => ({ weights: weights.map((weight) => (weight > 0 ? 1 : 0)) }));
  const sums = sequenceSums(tf.sub(logps, given(logSumSquares)), masks);
  return halves(tf.div(sums, tf.tensor1d(masks.map(({ weights }) => unmaskedTokens(weights)))));
}

/** Sentences by their place among those of their side. */
function sentences(
  pairs: readonly PairIds[],
  logps: tf.Tensor1D,
  reference: ReferenceLogps,
): Pair<Sentence<TensorValue>[]> {
  const sides = sidesOf(pairs);
  const counted = sides.map(({ weights, sentences }) => countedSentences(weights, given(sentences)));
  const most = Math.max(...counted.map(({ labels }) => labels.length));
  const places = most + 1; // the last is for tokens of none
  const owners = sides.flatMap(({ weights }, s) =>
    Array.from(counted[s]!.slots)
      .filter((_, t) => weights[t]! > 0)
      .map((slot) => s * places + (slot < 0 ? most : slot)),
  );
  const sums = tf.reshape(sumsBy(weighted(logps, sides), owners, sides.length * places), [sides.length, places]);
  const references = sidesOf(pairs.map((_, i) => mapSides((side) => given(reference.sentences)[side][i]!)));
  const made = Array.from({ length: most }, (_, place) => {
    const column = (values: (s: number) => number | undefined) =>
      halves(tf.tensor1d(sides.map((_, s) => values(s) ?? 0)));
    const policy = halves(tf.reshape(tf.slice(sums, [0, place], [sides.length, 1]), [sides.length]));
    const frozen = column((s) => references[s]![place]);
    const right = column((s) => (counted[s]!.labels[place] === 0 ? 1 : 0));
    const wrong = column((s) => counted[s]!.labels[place]);
    return mapSides((side): Sentence<TensorValue> => ({
      logratio: policy[side].sub(frozen[side]),
      right: right[side],
      wrong: wrong[side],
    }));
  });
  return mapSides((side) => made.map((both) => both[side]));
}

/** [2B] -> [B] of each side. */
function halves(values: tf.Tensor1D): Sides {
  const [chosen, rejected] = tf.split(values, 2) as [tf.Tensor1D, tf.Tensor1D];
  return { chosen: new TensorValue(chosen), rejected: new TensorValue(rejected) };
}

function constant(values: Float32Array): TensorValue {
  return new TensorValue(tf.tensor1d(values));
}

function mapSides<T>(make: (side: keyof Sides) => T): Pair<T> {
  return { chosen: make("chosen"), rejected: make("rejected") };
}

/** @throws Error where it is missing: `needsOf` says what has to be there */
function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("pairLosses: expected all that the objective needs, got less");
  return value;
}

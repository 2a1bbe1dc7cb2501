/**
 * A ranker of retrieved documents (after dynamic uncertainty ranking): scores are linear in a few features, no document
 * at all has score 0, and the choice is a softmax over both. It is trained by the policy gradient on whether the answer
 * behind a document is better or worse than without one, which is known for every document, so that the expectation is
 * exact; nothing is learnt through the language model.
 */
import { sum } from "../../base/collections";
import { mean, sd } from "../../base/stats";

/** Documents of a question: features [documents][F], and the reward of each, 0 for none. */
export interface RankerRow {
  features: readonly (readonly number[])[];
  rewards: readonly number[];
}

/** Weights [F] of features that were made comparable, and a bias. */
export interface Ranker {
  weights: number[];
  bias: number;
  means: number[];
  deviations: number[];
}

const steps = 300;
const rate = 0.5;

/** @param rows at least one with a document */
export function trainRanker(rows: readonly RankerRow[]): Ranker {
  const all = rows.flatMap(({ features }) => features);
  const columns = all[0]!.map((_, f) => all.map((features) => features[f]!));
  const means = columns.map((column) => mean(column));
  const deviations = columns.map((column) => sd(column) || 1);
  const ranker: Ranker = { weights: means.map(() => 0), bias: 0, means, deviations };
  for (let step = 0; step < steps; step++) {
    const gradient = new Array<number>(means.length + 1).fill(0);
    for (const { features, rewards } of rows) {
      const probabilities = choices(ranker, features);
      const expected = sum(probabilities.map((p, i) => p * (rewards[i] ?? 0)));
      features.forEach((own, i) => {
        const push = probabilities[i]! * (rewards[i]! - expected); // d expected / d score of a document
        scaled(ranker, own).forEach((value, f) => (gradient[f]! += push * value));
        gradient[means.length]! += push;
      });
    }
    ranker.weights = ranker.weights.map((weight, f) => weight + (rate * gradient[f]!) / rows.length);
    ranker.bias += (rate * gradient[means.length]!) / rows.length;
  }
  return ranker;
}

/** The document that is put before the answer; undefined where none is better. */
export function chosenDocument(ranker: Ranker, features: readonly (readonly number[])[]): number | undefined {
  const scores = features.map((own) => scoreOf(ranker, own));
  const best = scores.reduce((most, score, i) => (score > (scores[most] ?? -Infinity) ? i : most), 0);
  return (scores[best] ?? 0) > 0 ? best : undefined;
}

const scaled = ({ means, deviations }: Ranker, features: readonly number[]): number[] =>
  features.map((value, f) => (value - means[f]!) / deviations[f]!);

function scoreOf(ranker: Ranker, features: readonly number[]): number {
  return ranker.bias + sum(scaled(ranker, features).map((value, f) => value * ranker.weights[f]!));
}

/** Probabilities of each document, and last of none. */
export function choices(ranker: Ranker, features: readonly (readonly number[])[]): number[] {
  const scores = [...features.map((own) => scoreOf(ranker, own)), 0];
  const most = Math.max(...scores);
  const odds = scores.map((score) => Math.exp(score - most));
  return odds.map((odd) => odd / sum(odds));
}

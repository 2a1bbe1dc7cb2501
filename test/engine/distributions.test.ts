/** Divergences between two heads' distributions: values and gradients against float64, whole and in chunks. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { divergence, logSumSquares, type Direction } from "../../lib/engine/distributions";
import { Rng } from "../../lib/base/rng";
import { onEveryBackend, relativeError } from "../backends";

const [M, D, V] = [5, 4, 7] as const;
const rng = new Rng("distributions");
const draws = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
const [hidden, head, otherHidden, otherHead] = [draws(M, D), draws(V, D), draws(M, D), draws(V, D)];
const weights = Array.from({ length: M }, (_, m) => 0.5 + m);

function logSoftmax(hidden: number[], head: number[][]): number[] {
  const logits = head.map((row) => row.reduce((sum, x, d) => sum + x * hidden[d]!, 0));
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - total);
}

function exactDivergences(direction: Direction, hidden: number[][], head: number[][]): number[] {
  return hidden.map((row, m) => {
    const [own, other] = [logSoftmax(row, head), logSoftmax(otherHidden[m]!, otherHead)];
    const [from, to] = direction === "forward" ? [other, own] : [own, other];
    return from.reduce((sum, x, v) => sum + Math.exp(x) * (x - to[v]!), 0);
  });
}

/** Of the weighted sum of divergences, by finite differences in every number of the first hidden states and head. */
function exactSlopes(direction: Direction): { hidden: number[]; head: number[] } {
  const h = 1e-5;
  const sum = () => exactDivergences(direction, hidden, head).reduce((total, x, m) => total + weights[m]! * x, 0);
  const slopes = (rows: number[][]) =>
    rows.flatMap((row) =>
      row.map((x, i) => {
        const [up, down] = [x + h, x - h].map((moved) => {
          row[i] = moved;
          return sum();
        }) as [number, number];
        row[i] = x;
        return (up - down) / (2 * h);
      }),
    );
  return { hidden: slopes(hidden), head: slopes(head) };
}

for (const direction of ["forward", "reverse"] as const)
  onEveryBackend(`${direction} KL: values, gradients, whole and in chunks, with a frozen head and without`, () => {
    const other = { hidden: tf.tensor2d(otherHidden), head: tf.tensor2d(otherHead) };
    const exact = { values: exactDivergences(direction, hidden, head), slopes: exactSlopes(direction) };
    const before = tf.memory().numTensors;
    for (const most of [1000, 2 * V]) {
      const of = (own: { hidden: tf.Tensor2D; head: tf.Tensor2D }, frozen = false) =>
        divergence(own, other, direction, frozen, most);
      tf.tidy(() => {
        const own = { hidden: tf.tensor2d(hidden), head: tf.tensor2d(head) };
        assert.ok(relativeError(of(own).dataSync(), exact.values) < 1e-5, `values, ${most}`);
        const weighted = (values: tf.Tensor1D) => tf.sum(tf.mul(values, tf.tensor1d(weights)));
        const [dHidden, dHead] = tf.grads((hidden, head) =>
          weighted(of({ hidden: hidden as tf.Tensor2D, head: head as tf.Tensor2D })),
        )([own.hidden, own.head]);
        assert.ok(relativeError(dHidden!.dataSync(), exact.slopes.hidden) < 1e-4, `hidden, ${most}`);
        assert.ok(relativeError(dHead!.dataSync(), exact.slopes.head) < 1e-4, `head, ${most}`);
        const frozen = tf.grad((hidden) => weighted(of({ ...own, hidden: hidden as tf.Tensor2D }, true)))(own.hidden);
        assert.ok(relativeError(frozen.dataSync(), exact.slopes.hidden) < 1e-4, `frozen, ${most}`);
      });
    }
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
    tf.dispose([other.hidden, other.head]);
  });

onEveryBackend("the log of the sum of squared probabilities is a constant", () => {
  tf.tidy(() => {
    const exact = hidden.map((row) =>
      Math.log(logSoftmax(row, head).reduce((sum, logp) => sum + Math.exp(2 * logp), 0)),
    );
    for (const most of [1000, 2 * V]) {
      const of = (hidden: tf.Tensor2D) => logSumSquares({ hidden, head: tf.tensor2d(head) }, most);
      assert.ok(relativeError(of(tf.tensor2d(hidden)).dataSync(), exact) < 1e-5);
      const slopes = tf.grad((hidden) => tf.sum(of(hidden as tf.Tensor2D)))(tf.tensor2d(hidden));
      assert.deepEqual(new Set(slopes.dataSync()), new Set([0]));
    }
  });
});

/** Divergences between two heads' distributions: values and gradients against float64, whole and in chunks. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { divergence, logSumSquares, type Direction, type Predictions } from "../../lib/engine/distributions";
import { Rng } from "../../lib/base/rng";
import { onEveryBackend, relativeError } from "../backends";

const [M, D, V] = [5, 4, 7] as const;
const rng = new Rng("distributions");
const draws = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
const [hidden, head, otherHidden, otherHead] = [draws(M, D), draws(V, D), draws(M, D), draws(V, D)];
const weights = Array.from({ length: M }, (_, m) => 0.5 + m);

/** Small enough to bend these logits, and another one for the others. */
const caps = [undefined, 1.5] as const;
const otherCap = 2;
type Cap = (typeof caps)[number];

function logSoftmax(hidden: number[], head: number[][], cap: number | undefined): number[] {
  const logits = head.map((row) => {
    const logit = row.reduce((sum, x, d) => sum + x * hidden[d]!, 0);
    return cap ? cap * Math.tanh(logit / cap) : logit;
  });
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - total);
}

function exactDivergences(direction: Direction, cap: Cap): number[] {
  return hidden.map((row, m) => {
    const own = logSoftmax(row, head, cap);
    const other = logSoftmax(otherHidden[m]!, otherHead, cap && otherCap);
    const [from, to] = direction === "forward" ? [other, own] : [own, other];
    return from.reduce((sum, x, v) => sum + Math.exp(x) * (x - to[v]!), 0);
  });
}

/** Of the weighted sum of divergences, by finite differences in every number of the first hidden states and head. */
function exactSlopes(direction: Direction, cap: Cap): { hidden: number[]; head: number[] } {
  const h = 1e-5;
  const sum = () => exactDivergences(direction, cap).reduce((total, x, m) => total + weights[m]! * x, 0);
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

const given = (hidden: tf.Tensor2D, head: tf.Tensor2D, cap: number | undefined): Predictions => ({ hidden, head, cap });

for (const direction of ["forward", "reverse"] as const)
  onEveryBackend(
    `${direction} KL: values, gradients, whole and in chunks, with a frozen head, capped, or neither`,
    () => {
      const [otherStates, otherRows] = [tf.tensor2d(otherHidden), tf.tensor2d(otherHead)];
      const before = tf.memory().numTensors;
      for (const cap of caps) {
        const other = given(otherStates, otherRows, cap && otherCap);
        const exact = { values: exactDivergences(direction, cap), slopes: exactSlopes(direction, cap) };
        for (const most of [1000, 2 * V]) {
          const of = (hidden: tf.Tensor, head: tf.Tensor, frozen = false) =>
            divergence(given(hidden as tf.Tensor2D, head as tf.Tensor2D, cap), other, direction, frozen, most);
          const what = `cap ${cap}, ${most}`;
          tf.tidy(() => {
            const own = [tf.tensor2d(hidden), tf.tensor2d(head)] as const;
            assert.ok(relativeError(of(...own).dataSync(), exact.values) < 1e-5, `values, ${what}`);
            const weighted = (values: tf.Tensor1D) => tf.sum(tf.mul(values, tf.tensor1d(weights)));
            const [dHidden, dHead] = tf.grads((hidden, head) => weighted(of(hidden, head)))([...own]);
            assert.ok(relativeError(dHidden!.dataSync(), exact.slopes.hidden) < 1e-4, `hidden, ${what}`);
            assert.ok(relativeError(dHead!.dataSync(), exact.slopes.head) < 1e-4, `head, ${what}`);
            const frozen = tf.grad((hidden) => weighted(of(hidden, own[1], true)))(own[0]);
            assert.ok(relativeError(frozen.dataSync(), exact.slopes.hidden) < 1e-4, `frozen, ${what}`);
          });
        }
      }
      assert.equal(tf.memory().numTensors, before, "tensors leaked");
      tf.dispose([otherStates, otherRows]);
    },
  );

onEveryBackend("the log of the sum of squared probabilities is a constant", () => {
  for (const cap of caps)
    tf.tidy(() => {
      const exact = hidden.map((row) =>
        Math.log(logSoftmax(row, head, cap).reduce((sum, logp) => sum + Math.exp(2 * logp), 0)),
      );
      for (const most of [1000, 2 * V]) {
        const of = (hidden: tf.Tensor) => logSumSquares(given(hidden as tf.Tensor2D, tf.tensor2d(head), cap), most);
        assert.ok(relativeError(of(tf.tensor2d(hidden)).dataSync(), exact) < 1e-5, `cap ${cap}, ${most}`);
        // of hidden states that something computed, and nothing keeps
        const slopes = tf.grad((hidden) => tf.sum(of(tf.mul(hidden, 1))))(tf.tensor2d(hidden));
        assert.deepEqual(new Set(slopes.dataSync()), new Set([0]));
      }
    });
});

/** Hand-written gradients against autodiff of the plain formula, on every backend, to 1e-5 relative. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { causalMask, pairedRows, ropeAttention, ropeTable } from "../../lib/engine/attention";
import { rmsNorm, swiglu, takeRows, targetLogps } from "../../lib/engine/kernels";
import { onEveryBackend, relativeError } from "../backends";

const rng = new Rng("kernels");
function random<R extends tf.Tensor>(...shape: number[]): R {
  const stream = rng.fork(shape.join());
  return tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()), shape) as R;
}

/** Values and gradients of both functions at the same point, for a random weighting of the outputs. */
function compare(fused: (...x: tf.Tensor[]) => tf.Tensor, plain: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const weights = random(...fused(...inputs).shape);
    const run = (f: (...x: tf.Tensor[]) => tf.Tensor) => tf.valueAndGrads((...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), weights)) as tf.Scalar)(inputs);
    const a = run(fused), b = run(plain);
    assert.ok(relativeError(fused(...inputs).dataSync(), plain(...inputs).dataSync()) < 1e-5, "value");
    a.grads.forEach((g, i) => {
      const error = relativeError(g.dataSync(), b.grads[i]!.dataSync());
      assert.ok(error < 1e-5, `gradient ${i}: ${error}`);
    });
  });
  assert.equal(tf.memory().numTensors, before, "tensors leaked");
}

onEveryBackend("rmsNorm", () => {
  const inputs = [random(6, 10), random(10)];
  compare((x, w) => rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5), (x, w) => tf.mul(tf.mul(x!, tf.rsqrt(tf.add(tf.mean(tf.square(x!), -1, true), 1e-5))), w!), inputs);
  tf.dispose(inputs);
});

onEveryBackend("swiglu", () => {
  const inputs = [random(5, 7), random(5, 7)];
  compare((g, u) => swiglu(g as tf.Tensor2D, u as tf.Tensor2D), (g, u) => tf.mul(tf.mul(g!, tf.sigmoid(g!)), u!), inputs);
  tf.dispose(inputs);
});

onEveryBackend("takeRows: repeated rows add up", () => {
  const table = random<tf.Tensor2D>(9, 4), rows = tf.tensor1d([3, 3, 0, 8, 3], "int32");
  compare((t) => takeRows(t as tf.Tensor2D, rows), (t) => tf.matMul(tf.oneHot(rows, 9).toFloat(), t as tf.Tensor2D), [table]);
  tf.dispose([table, rows]);
});

onEveryBackend("targetLogps: LM head and log-softmax", () => {
  const inputs = [random(6, 5), random(11, 5)], targets = tf.tensor1d([0, 10, 4, 4, 7, 1], "int32");
  const plain = (h?: tf.Tensor, w?: tf.Tensor) => tf.sum(tf.mul(tf.logSoftmax(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D, false, true)), tf.oneHot(targets, 11)), -1);
  compare((h, w) => targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, targets), plain, inputs);
  tf.dispose([...inputs, targets]);
});

for (const kvHeads of [4, 2, 1]) {
  onEveryBackend(`ropeAttention, 4 heads over ${kvHeads}`, () => {
    const [B, T, H, h] = [2, 5, 4, 6], K = kvHeads;
    const frequencies = Float32Array.from([1, 0.3, 0.05]);
    const inputs = [random(B * T, H * h), random(B * T, K * h), random(B * T, K * h)];
    const table = ropeTable(frequencies, T), mask = causalMask(T);
    const order = [H, K].map((n) => { const rows = pairedRows(n, h); return rows && tf.tensor1d(rows, "int32"); });
    const paired = (x: tf.Tensor | undefined, i: number) => (order[i] ? tf.gather(x!, order[i], 1) : x!) as tf.Tensor2D;
    const fused = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) => ropeAttention(paired(q, 0), paired(k, 1), v as tf.Tensor2D, { rows: B, heads: H, kvHeads: K }, table, mask);
    compare(fused, (q, k, v) => plainAttention(q!, k!, v!, frequencies, [B, T, H, K, h]), inputs);
    table.dispose();
    tf.dispose([...inputs, mask, ...order.filter((t) => t !== undefined)]);
  });
}

/** Rotate-half rotary embedding and causal attention, head by head, in plain ops. */
function plainAttention(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, frequencies: Float32Array, [B, T, H, K, h]: [number, number, number, number, number]): tf.Tensor {
  const angles = Array.from({ length: T }, (_, t) => Array.from({ length: h }, (_, i) => t * frequencies[i % (h / 2)]!));
  const cos = tf.tensor2d(angles.map((r) => r.map(Math.cos))), sin = tf.tensor2d(angles.map((r) => r.map(Math.sin)));
  const rope = (x: tf.Tensor2D) => {
    const [a, b] = tf.split(x, 2, 1);
    return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(b!), a!], 1), sin)) as tf.Tensor2D;
  };
  const part = (x: tf.Tensor, n: number, row: number, head: number) => tf.slice(tf.reshape(x, [B, T, n * h]), [row, 0, head * h], [1, T, h]).reshape([T, h]) as tf.Tensor2D;
  const mask = tf.tensor2d(Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i ? -1e9 : 0))));
  const rows = Array.from({ length: B }, (_, row) => tf.concat(Array.from({ length: H }, (_, head) => {
    const group = Math.floor(head / (H / K));
    const scores = tf.mul(tf.matMul(rope(part(q, H, row, head)), rope(part(k, K, row, group)), false, true), 1 / Math.sqrt(h));
    return tf.matMul(tf.softmax(tf.add(scores, mask)), part(v, K, row, group));
  }), 1));
  return tf.concat(rows, 0);
}

/** Hand-written gradients against autodiff of the plain formula, on every backend, to 1e-5 relative. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { targetLogps } from "../../lib/engine/head";
import { rmsNorm, swiglu, takeRows } from "../../lib/engine/kernels";
import { onEveryBackend, relativeError } from "../backends";
import { random, compare } from "./fused";

onEveryBackend("rmsNorm", () => {
  const inputs = [random(6, 10), random(10)];
  compare(
    (x, w) => rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5),
    (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w),
    inputs,
  );
  tf.dispose(inputs);
});

onEveryBackend("swiglu", () => {
  const inputs = [random(5, 7), random(5, 7)];
  compare(
    (g, u) => swiglu(g as tf.Tensor2D, u as tf.Tensor2D),
    (g, u) => tf.mul(tf.mul(g, tf.sigmoid(g)), u),
    inputs,
  );
  tf.dispose(inputs);
});

onEveryBackend("takeRows: repeated rows add up", () => {
  const table = random<tf.Tensor2D>(9, 4);
  const rows = tf.tensor1d([3, 3, 0, 8, 3], "int32");
  compare(
    (t) => takeRows(t as tf.Tensor2D, rows),
    (t) => tf.matMul(tf.oneHot(rows, 9).toFloat(), t as tf.Tensor2D),
    [table],
  );
  tf.dispose([table, rows]);
});

onEveryBackend("targetLogps: LM head and log-softmax, whole and in chunks", () => {
  const inputs = [random(6, 5), random(11, 5)];
  const ids = [0, 10, 4, 4, 7, 1];
  const oneHot = tf.oneHot(ids, 11);
  const plain = (h?: tf.Tensor, w?: tf.Tensor) =>
    tf.sum(tf.mul(tf.logSoftmax(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D, false, true)), oneHot), -1);
  for (const most of [undefined, 44, 11, 1]) {
    // in chunks of 6, 4, 1 and 1 rows
    compare(
      (h, w) => targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, Int32Array.from(ids), false, most),
      plain,
      inputs,
    );
    compare(
      (h) => targetLogps(h as tf.Tensor2D, inputs[1] as tf.Tensor2D, Int32Array.from(ids), true, most),
      (h) => plain(h, inputs[1]),
      [inputs[0]!],
    );
  }
  tf.dispose([...inputs, oneHot]);
});

onEveryBackend("targetLogps stays finite where p(target) underflows", () => {
  const logits = tf.tensor2d([
    [300, -300, 0],
    [0, 500, 1],
  ]);
  const identity = tf.eye(3);
  const targets = Int32Array.from([1, 1]);
  const { value, grads } = tf.valueAndGrads((h: tf.Tensor, w: tf.Tensor) =>
    tf.sum(targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, targets)),
  )([logits, identity]);
  assert.ok(relativeError(value.dataSync(), [-600]) < 1e-6, "value"); // log p is -600 of the first, 0 of the second
  assert.ok(relativeError(grads[0]!.dataSync(), [-1, 1, 0, 0, 0, 0]) < 1e-6, "gradient");
  tf.dispose([logits, identity, value, ...grads]);
});

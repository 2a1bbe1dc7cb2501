/** Hand-written gradients against autodiff of the plain formula, on every backend, to 1e-5 relative. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { targetLogps } from "../../lib/engine/head";
import { geluTanh, rmsNorm, silu, swiglu, takeRows } from "../../lib/engine/kernels";
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

onEveryBackend("geluTanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), times up", () => {
  const inputs = [random(5, 7), random(5, 7)];
  const plain = (g?: tf.Tensor, u?: tf.Tensor) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(g!, tf.mul(0.044715, tf.pow(g!, 3))));
    return tf.mul(tf.mul(tf.mul(0.5, g!), tf.add(1, tf.tanh(inner))), u!);
  };
  compare((g, u) => geluTanh.block(g as tf.Tensor2D, u as tf.Tensor2D), plain, inputs);
  const values = tf.tensor2d([-3, -1, 0, 0.5, 2], [5, 1]);
  const got = tf.tidy(() => geluTanh.value(values, tf.onesLike(values)).dataSync());
  // by torch: torch.nn.functional.gelu(x, approximate="tanh")
  assert.ok(
    relativeError(got, [-0.0036374330520629883, -0.15880799293518066, 0, 0.3457140028476715, 1.9545977115631104]) <
      1e-6,
  );
  tf.dispose([...inputs, values]);
});

onEveryBackend("a gate without a gradient has the values of the one with it", () => {
  const [gate, up] = [random<tf.Tensor2D>(5, 7), random<tf.Tensor2D>(7, 5).reshape<tf.Tensor2D>([5, 7])];
  for (const { block, value } of [silu, geluTanh])
    tf.tidy(() => assert.deepEqual(value(gate, up).dataSync(), block(gate, up).dataSync()));
  tf.dispose([gate, up]);
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
  for (const cap of [undefined, 1.5])
    for (const most of [undefined, 44, 11, 1]) {
      // in chunks of 6, 4, 1 and 1 rows
      const plain = (h?: tf.Tensor, w?: tf.Tensor) => {
        const logits = tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D, false, true);
        const capped = cap ? tf.mul(cap, tf.tanh(tf.div(logits, cap))) : logits;
        return tf.sum(tf.mul(tf.logSoftmax(capped), oneHot), -1);
      };
      compare(
        (h, w) => targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, Int32Array.from(ids), { cap, most }),
        plain,
        inputs,
      );
      const frozen = inputs[1] as tf.Tensor2D;
      compare(
        (h) => targetLogps(h as tf.Tensor2D, frozen, Int32Array.from(ids), { frozen: true, cap, most }),
        (h) => plain(h, frozen),
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

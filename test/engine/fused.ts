/** A kernel with a gradient written by hand against plain operations. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { relativeError } from "../backends";

const rng = new Rng("kernels");
export function random<R extends tf.Tensor>(...shape: number[]): R {
  const stream = rng.fork(shape.join());
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()),
    shape,
  ) as R;
}

/** Values and gradients of both functions at the same point, for a random weighting of the outputs. */
export function compare(
  fused: (...x: tf.Tensor[]) => tf.Tensor,
  plain: (...x: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const weights = random(...fused(...inputs).shape);
    const run = (f: (...x: tf.Tensor[]) => tf.Tensor) =>
      tf.valueAndGrads((...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), weights)))(inputs);
    const a = run(fused);
    const b = run(plain);
    assert.ok(relativeError(fused(...inputs).dataSync(), plain(...inputs).dataSync()) < 1e-5, "value");
    a.grads.forEach((g, i) => {
      const error = relativeError(g.dataSync(), b.grads[i]!.dataSync());
      assert.ok(error < 1e-5, `gradient ${i}: ${error}`);
    });
  });
  assert.equal(tf.memory().numTensors, before, "tensors leaked");
}

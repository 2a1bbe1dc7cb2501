/**
 * The flat optimizer against torch.optim.AdamW (with clip_grad_norm_) over 20 steps, and the schedule against
 * transformers'.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import {
  adamwFrom,
  adamwInit,
  adamwUpdate,
  clipFactor,
  downloadMoments,
  gradientNorm,
  pieceLength,
} from "../../lib/engine/adamw";
import { warmupCosine } from "../../lib/engine/schedule";
import { onEveryBackend, relativeError } from "../backends";
import { f32, readGolden, type GoldenTensor } from "../golden/golden";

type Named = Record<string, GoldenTensor>;
interface Golden {
  initial: Named;
  gradients: Named[];
  cases: Record<
    string,
    {
      settings: { beta1: number; beta2: number; eps: number; weightDecay: number; maxNorm: number | null };
      rates: number[];
      gradientNorms: number[];
      params: Named[];
    }
  >;
  cosine: Record<string, { warmup: number; total: number; factors: number[] }>;
}
const golden = readGolden<Golden>("optimizer.json");
const join = (tensors: Named) =>
  Float32Array.from(Object.keys(golden.initial).flatMap((name) => Array.from(f32(tensors[name]!))));

for (const [name, { settings, rates, gradientNorms, params }] of Object.entries(golden.cases)) {
  onEveryBackend(`AdamW trajectory: ${name}`, async () => {
    const before = tf.memory().numTensors;
    let weights = tf.tensor1d(join(golden.initial));
    let state = adamwInit(weights.size);
    for (const [step, gradients] of golden.gradients.entries()) {
      const gradient = tf.tensor1d(join(gradients));
      const norm = await gradientNorm(gradient);
      assert.ok(Math.abs(norm - gradientNorms[step]!) <= 1e-5 * gradientNorms[step]!, `norm at step ${step}`);
      const next = adamwUpdate(weights, gradient, state, {
        lr: rates[step]!,
        betas: [settings.beta1, settings.beta2],
        eps: settings.eps,
        weightDecay: settings.weightDecay,
        factor: clipFactor(norm, settings.maxNorm ?? Infinity),
      });
      tf.dispose([gradient, weights]);
      ({ weights, state } = next);
      const error = relativeError(weights.dataSync(), join(params[step]!));
      assert.ok(error < 2e-6, `step ${step}: ${error}`);
    }
    tf.dispose([weights, state.m, state.v]);
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
  });
}

onEveryBackend("a vector of two pieces: the same numbers as of each part alone", async () => {
  const sizes = [pieceLength, 5000];
  const whole = sizes[0]! + sizes[1]!;
  const options = { lr: 1e-3, betas: [0.9, 0.95] as const, eps: 1e-8, weightDecay: 0.1, factor: 0.5 };
  const [weights, gradient, m, v] = [1, 2, 3, 4].map((seed) => {
    const rng = new Rng(seed);
    return Float32Array.from({ length: whole }, () => rng.next());
  }) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const before = tf.memory().numTensors;
  const stepped = async (from: number, to: number) => {
    const part = (data: Float32Array) => data.subarray(from, to);
    const inputs = [tf.tensor1d(part(weights)), tf.tensor1d(part(gradient))] as const;
    const next = adamwUpdate(...inputs, adamwFrom(part(m), part(v), 4), options);
    const out = { weights: next.weights.dataSync(), ...(await downloadMoments(next.state)), step: next.state.step };
    tf.dispose([...inputs, next.weights, next.state.m, next.state.v]);
    return out;
  };
  const both = await stepped(0, whole);
  const parts = [await stepped(0, sizes[0]!), await stepped(sizes[0]!, whole)];
  for (const key of ["weights", "m", "v"] as const)
    assert.deepEqual(both[key], Float32Array.from([...parts[0]![key], ...parts[1]![key]]), key);
  assert.equal(both.step, 5);
  const tensor = tf.tensor1d(gradient);
  const exact = Math.sqrt(gradient.reduce((sum, x) => sum + x * x, 0));
  assert.ok(Math.abs((await gradientNorm(tensor)) - exact) < 1e-6 * exact);
  tensor.dispose();
  assert.equal(tf.memory().numTensors, before, "tensors leaked");
});

test("warmupCosine: transformers' cosine after a warm-up that starts one step in, so that no step has rate 0", () => {
  for (const { warmup, total, factors } of Object.values(golden.cosine)) {
    for (let step = 0; step < total; step++) {
      const expected = step < warmup ? (factors[step + 1] ?? 1) : factors[step]!;
      assert.ok(Math.abs(warmupCosine(step, total, warmup) - expected) < 1e-12, `${warmup}/${total} step ${step}`);
    }
  }
  assert.equal(warmupCosine(100, 100, 0, 0.05), 0.05);
});

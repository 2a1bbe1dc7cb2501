/**
 * The flat optimizer against torch.optim.AdamW (with clip_grad_norm_) over 20 steps, and the schedule against
 * transformers'.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { adamwInit, adamwUpdate, clipFactor, gradientNorm } from "../../lib/engine/adamw";
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

test("warmupCosine: transformers' cosine after a warm-up that starts one step in, so that no step has rate 0", () => {
  for (const { warmup, total, factors } of Object.values(golden.cosine)) {
    for (let step = 0; step < total; step++) {
      const expected = step < warmup ? (factors[step + 1] ?? 1) : factors[step]!;
      assert.ok(Math.abs(warmupCosine(step, total, warmup) - expected) < 1e-12, `${warmup}/${total} step ${step}`);
    }
  }
  assert.equal(warmupCosine(100, 100, 0, 0.05), 0.05);
});

/**
 * Adapters against plain torch (test/golden/lora): forward pass, gradients, training, merging, PEFT's files, and what
 * is refused.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten, valueAndGradient } from "../../lib/align/flat";
import { sequenceLogps } from "../../lib/align/logps";
import { Rng } from "../../lib/base/rng";
import { adamwInit, adamwUpdate } from "../../lib/engine/adamw";
import { openCheckpoint, readCheckpoint, writeCheckpoint } from "../../lib/model/checkpoint";
import { adapted, adapterShapes, initialAdapter, loraScale, mergedTensors } from "../../lib/model/adapter/lora";
import { uploadParams } from "../../lib/model/params";
import { readAdapter, writeAdapter } from "../../lib/model/adapter/peft";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import { Transformer } from "../../lib/model/transformer";
import { dpoLosses } from "../align/objective/dpoLosses";
import { onEveryBackend, relativeError } from "../backends";
import { scratch } from "../golden/fixtures";
import { f32, goldenPath, readGolden, type GoldenTensor } from "../golden/golden";

interface Golden {
  forward: { ids: number[][]; mask: number[][]; positions: [number, number][]; logits: GoldenTensor; loss: number };
  maskedDpo: {
    ids: number[][];
    mask: number[][];
    beta: number;
    lr: number;
    referenceLogps: number[];
    losses: number[];
  };
  merged: Record<string, GoldenTensor>;
}
const cases = ["llama-gqa-llama3", "qwen2-gqa-tied", "llama-biases-linear", "qwen3-0.6b", "gemma2-27b", "phi-3-mini"];
const load = (name: string) => {
  const { config, tensors } = readCheckpoint(goldenPath("models", name));
  const adapter = readAdapter(goldenPath("lora", name), config);
  return { config, tensors, adapter, golden: readGolden<Golden>("lora", name, "vectors.json") };
};
const sequencesOf = (ids: number[][], mask: number[][]) =>
  ids.map((row, r) => ({ ids: Int32Array.from(row), weights: Float32Array.from(mask[r]!) }));

function sameLogits(all: ArrayLike<number>, V: number, { ids, positions, logits }: Golden["forward"]): void {
  const expected = f32(logits);
  const T = ids[0]!.length;
  positions.forEach(([row, t], i) => {
    for (let v = 0; v < V; v++)
      assert.ok(
        Math.abs(all[(row * T + t) * V + v]! - expected[i * V + v]!) < 1e-4,
        `row ${row} position ${t} id ${v}`,
      );
  });
}

for (const name of cases) {
  onEveryBackend(`${name}: logits and gradients of the adapter are torch's`, () => {
    const {
      config,
      tensors,
      adapter,
      golden: { forward },
    } = load(name);
    const model = new Transformer(config);
    const base = uploadParams(tensors);
    const own = uploadParams(adapter.tensors);
    const layout = flatLayout(own);
    const scale = loraScale(adapter.config);
    sameLogits(
      tf.tidy(() => model.logits(adapted(base, own, scale), forward.ids).dataSync()),
      config.vocabSize,
      forward,
    );
    const weights = flatten(Object.values(own));
    const tokens = forward.mask.flat().reduce((a, b) => a + b, 0);
    const { value, gradient } = valueAndGradient(weights, layout, (trained) =>
      tf.mul(
        tf.sum(sequenceLogps(model, adapted(base, trained, scale), sequencesOf(forward.ids, forward.mask))),
        -1 / tokens,
      ),
    );
    assert.ok(Math.abs(value.dataSync()[0]! - forward.loss) < 1e-5 * forward.loss);
    const expected = readSafetensors(goldenPath("lora", name, "gradients.safetensors"));
    const all = gradient.dataSync();
    let start = 0;
    layout.names.forEach((own, i) => {
      const error = relativeError(
        all.subarray(start, (start += layout.sizes[i]!)),
        expected.get(`base_model.model.${own}`).data,
      );
      assert.ok(error < 1e-4, `${own}: ${error}`);
    });
    model.dispose();
    tf.dispose([base, own, weights, value, gradient]);
  });

  onEveryBackend(
    `${name}: ten masked-DPO losses of a fresh adapter are torch's; the reference is the adapter at its start`,
    () => {
      const {
        config,
        tensors,
        adapter,
        golden: { maskedDpo: golden },
      } = load(name);
      for (const [key, { data }] of adapter.tensors) if (key.endsWith("lora_B.weight")) data.fill(0);
      const model = new Transformer(config);
      const base = uploadParams(tensors);
      const own = uploadParams(adapter.tensors);
      const layout = flatLayout(own);
      const scale = loraScale(adapter.config);
      const batch = sequencesOf(golden.ids, golden.mask);
      const n = batch.length / 2;
      let weights = flatten(Object.values(own));
      let state = adamwInit(weights.size);
      const reference = tf.tidy(() => sequenceLogps(model, adapted(base, own, scale), batch).dataSync());
      assert.deepEqual(
        reference,
        tf.tidy(() => sequenceLogps(model, base, batch).dataSync()),
      );
      assert.ok(relativeError(reference, golden.referenceLogps) < 1e-5);
      for (const [step, expected] of golden.losses.entries()) {
        const { value: loss, gradient } = valueAndGradient(weights, layout, (trained) => {
          const [policyChosen, policyRejected] = tf.split(
            sequenceLogps(model, adapted(base, trained, scale), batch),
            2,
          ) as [tf.Tensor1D, tf.Tensor1D];
          return tf.mean(
            dpoLosses(
              {
                policyChosen,
                policyRejected,
                referenceChosen: tf.tensor1d(reference.slice(0, n)),
                referenceRejected: tf.tensor1d(reference.slice(n)),
              },
              golden.beta,
            ).losses,
          );
        });
        assert.ok(
          Math.abs(loss.dataSync()[0]! - expected) < 1e-4,
          `loss at step ${step}: ${loss.dataSync()[0]} against ${expected}`,
        );
        const next = adamwUpdate(weights, gradient, state, {
          lr: golden.lr,
          betas: [0.9, 0.999],
          eps: 1e-8,
          weightDecay: 0,
        });
        tf.dispose([loss, gradient, weights]);
        ({ weights, state } = next);
      }
      model.dispose();
      tf.dispose([base, own, weights, state.m, state.v]);
    },
  );

  onEveryBackend(`${name}: merged, a plain checkpoint computes the same`, (_engine, t) => {
    const { config, adapter, golden } = load(name);
    const source = goldenPath("models", name);
    const dir = path.join(scratch(t), "merged");
    writeCheckpoint(dir, config, mergedTensors(openCheckpoint(source), adapter), source);
    const { tensors, config: written } = readCheckpoint(dir);
    const base = readCheckpoint(source).tensors;
    assert.deepEqual(written, config);
    for (const [key, { data }] of tensors) {
      const expected = golden.merged[key];
      if (expected) assert.ok(relativeError(data.slice(0, 16), f32(expected)) < 1e-6, key);
      else assert.deepEqual(data, base.get(key)!.data, key);
    }
    const model = new Transformer(config);
    const params = uploadParams(tensors);
    sameLogits(
      tf.tidy(() => model.logits(params, golden.forward.ids).dataSync()),
      config.vocabSize,
      golden.forward,
    );
    model.dispose();
    tf.dispose(params);
  });

  test(`${name}: what is written is read back the same, under the names and options PEFT uses`, (t) => {
    const { config, adapter } = load(name);
    const dir = path.join(scratch(t), "adapter");
    writeAdapter(dir, adapter, goldenPath("models", name));
    assert.deepEqual(readAdapter(dir, config), adapter);
    const [ours, theirs] = [dir, goldenPath("lora", name)].map(
      (folder) => JSON.parse(readFileSync(path.join(folder, "adapter_config.json"), "utf8")) as Record<string, unknown>,
    );
    for (const key of [
      "peft_type",
      "task_type",
      "r",
      "lora_alpha",
      "use_rslora",
      "bias",
      "fan_in_fan_out",
      "init_lora_weights",
    ])
      assert.deepEqual(ours![key], theirs![key], key);
    assert.deepEqual(
      [...readSafetensors(path.join(dir, "adapter_model.safetensors")).names].sort(),
      [...readSafetensors(path.join(goldenPath("lora", name), "adapter_model.safetensors")).names].sort(),
    );
  });
}

test("a fresh adapter: A fills ±1/sqrt(in) evenly, B is zero, a seed is one adapter", () => {
  const { config } = load("llama-gqa-llama3");
  const lora = { rank: 8, alpha: 16, targets: ["q_proj", "down_proj"], rslora: false } as const;
  const { tensors } = initialAdapter(config, lora, new Rng(3));
  assert.deepEqual([...tensors.keys()], [...adapterShapes(config, lora).keys()]);
  assert.equal(tensors.size, 2 * 2 * config.layers);
  for (const [name, { shape, data }] of tensors) {
    if (name.endsWith("lora_B.weight")) {
      assert.ok(data.every((x) => x === 0));
      continue;
    }
    const bound = 1 / Math.sqrt(shape[1]!);
    const variance = data.reduce((sum, x) => sum + x * x, 0) / data.length;
    assert.ok(data.every((x) => Math.abs(x) <= bound));
    assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.2, `${name}: variance ${variance}`); // of a uniform
  }
  assert.deepEqual(initialAdapter(config, lora, new Rng(3)).tensors, tensors);
  assert.notDeepEqual(initialAdapter(config, lora, new Rng(4)).tensors, tensors);
});

/** Presets are one experiment at six sizes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPreset, preset, presetNames } from "../../lib/lab/preset";
import { loadAtlas } from "../../lib/world/atlas";

test("paper has the paper's counts", () => {
  const { topics, questionsPerTopic, candidates, bestOf, training } = preset("full");
  assert.deepEqual(
    [topics, questionsPerTopic, topics * questionsPerTopic, candidates, bestOf],
    [2682, 3, loadAtlas().splits.train.length, 32, 256],
  );
  assert.deepEqual([training.batch, training.epochs], [64, 3]);
});

test("each size has at least as much of everything as the one before", () => {
  const sizes = presetNames.map((name) => preset(name));
  for (const key of [
    "topics",
    "questionsPerTopic",
    "candidates",
    "evaluationQuestions",
    "samples",
    "bestOf",
    "bestOfQuestions",
  ] as const) {
    const values = sizes.map((size) => size[key]);
    assert.deepEqual(
      values,
      [...values].sort((a, b) => a - b),
      key,
    );
  }
});

test("hyperparameters are the same at every size, but for the passes and batches; those take at least 16 steps", () => {
  const trainings = presetNames.map((name) => preset(name).training);
  const { epochs: _, batch: __, microbatch: ___, ...shared } = trainings[0]!;
  for (const training of trainings) assert.deepEqual({ ...training, ...shared }, training);
  for (const { name, topics, questionsPerTopic, training } of presetNames.slice(1).map(preset))
    assert.ok((topics * questionsPerTopic * training.epochs) / training.batch > 16, name);
});

test("a native machine gets quick, WebAssembly gets small", () => {
  assert.deepEqual((["native", "webgpu", "wasm", "cpu"] as const).map(defaultPreset), [
    "quick",
    "quick",
    "small",
    "small",
  ]);
});

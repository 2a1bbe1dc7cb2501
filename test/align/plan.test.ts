/** The plan against what the engine holds at its peaks, on two small shapes; how it picks a microbatch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { largestShape } from "../../lib/align/batchShape";
import { chooseObjective } from "../../lib/align/objective/registry";
import type { PairIds } from "../../lib/align/pairIds";
import { planMemory, planStages, planWithin, stageTotal, type PlanRequest } from "../../lib/align/plan";
import { pieceLength } from "../../lib/engine/adamw";
import { Rng } from "../../lib/base/rng";
import type { TransformerConfig } from "../../lib/model/config";
import { weightShapes } from "../../lib/model/weights";
import { lora, measured } from "./peakMemory";

const common = { rmsEps: 1e-6, ropeTheta: 10000, oBias: false, mlpBias: false, maxPositions: 1024, eosIds: [] };
const shapes: Record<string, TransformerConfig> = {
  small: {
    ...common,
    architecture: "LlamaForCausalLM",
    hiddenSize: 128,
    layers: 4,
    heads: 4,
    kvHeads: 4,
    headDim: 32,
    intermediateSize: 352,
    vocabSize: 1024,
    tied: true,
    qkvBias: false,
  },
  grouped: {
    ...common,
    architecture: "Qwen2ForCausalLM",
    hiddenSize: 192,
    layers: 3,
    heads: 6,
    kvHeads: 2,
    headDim: 32,
    intermediateSize: 768,
    vocabSize: 6000,
    tied: false,
    qkvBias: true,
  },
};

const [small, grouped] = [shapes["small"]!, shapes["grouped"]!];
/** What other families compute besides. */
const otherShapes: Record<string, TransformerConfig> = {
  "normed queries": { ...grouped, architecture: "Qwen3ForCausalLM", qkvBias: false, qkNorm: "head" },
  "norms around, capped": {
    ...small,
    architecture: "Gemma2ForCausalLM",
    norms: "around",
    normOffset: 1,
    embeddingScale: Math.sqrt(128),
    activation: "gelu_tanh",
    attentionCap: 50,
    logitCap: 30,
    window: { size: 64, layers: [0, 2] },
  },
  "shared tensors": { ...grouped, architecture: "Phi3ForCausalLM", qkvBias: false },
};

function samplePairs(count: number, length: number): PairIds[] {
  const rng = new Rng("plan");
  const side = () => {
    const total = length + rng.int(20);
    const promptLength = Math.floor(total / 3);
    return {
      ids: Int32Array.from({ length: total }, () => rng.int(1000)),
      promptLength,
      weights: Float32Array.from({ length: total }, (_, t) => (t >= promptLength && rng.next() < 0.5 ? 1 : 0)),
    };
  };
  return Array.from({ length: count }, () => ({ chosen: side(), rejected: side() }));
}

/** More positions than a chunk of the head has. */
const wide: TransformerConfig = {
  ...shapes["small"]!,
  hiddenSize: 32,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 16,
  intermediateSize: 64,
  vocabSize: 200_000,
  tied: false,
};
const savings = [
  {},
  { gradientCheckpointing: true },
  { lora },
  { lora, gradientCheckpointing: true },
  { lora, halves: true },
  { lora, halves: true, gradientCheckpointing: true },
];
const dpo = chooseObjective("dpo");
const ofDpo = [...Object.entries({ ...shapes, wide }), ...Object.entries(otherShapes)].flatMap(([name, config]) =>
  (name in otherShapes ? [savings[0]!, savings[3]!] : savings).map((saving) => ({
    name,
    config,
    objective: dpo,
    saving:
      "lora" in saving && name === "shared tensors"
        ? { ...saving, lora: { ...lora, targets: ["o_proj", "qkv_proj", "down_proj"] } }
        : saving,
  })),
);
/** Objectives that look at distributions: the reference's, the other way round, the policy's alone. */
const [tdpo1, tisDpo, wpo] = [
  chooseObjective("tdpo1"),
  chooseObjective("tis-dpo", { alpha: 0.5 }),
  chooseObjective("wpo"),
];
/** Five pairs have more positions than a chunk of the wide head, and fewer than one of the broad. */
const heads = { wide, broad: { ...wide, vocabSize: 50_000 } };
const ofOthers = [
  { name: "grouped", config: grouped, objective: tdpo1, saving: {} },
  ...Object.entries(heads).flatMap(([name, config]) => {
    const capped = { name: `${name}, capped`, config: { ...config, logitCap: 30 }, saving: {} };
    return [
      { name, config, objective: tdpo1, saving: {} },
      { name, config, objective: tdpo1, saving: { lora, gradientCheckpointing: true } },
      { ...capped, objective: tdpo1 },
      { name, config, objective: tisDpo, saving: {} },
      { name, config, objective: wpo, saving: {} },
      { ...capped, objective: wpo },
    ];
  }),
];
const cases = [
  ...ofDpo.map((one) => ({ ...one, count: one.name === "wide" ? 3 : 6 })),
  ...ofOthers.map((one) => ({ ...one, count: 5 })),
];
for (const { name, config, objective, saving, count } of cases) {
  const saved = Object.keys(saving).join(", ") || "all weights";
  const of = `${name}, ${objective.name}, ${saved}, ${count} pairs`;
  test(`${of}: every stage as the engine holds it, within 12 %`, async (t) => {
    if (tf.getBackend() !== "tensorflow") return t.skip("calibrated on the native engine");
    const pairs = samplePairs(count, 110);
    const request: PlanRequest = { config, objective, pairs, ...saving, batch: count, workers: 0 };
    const { stages } = planMemory(request, count);
    const taken = await measured(request);
    for (const stage of planStages) {
      const { program, checkpoint, activations } = stages[stage];
      const kept = checkpoint + (stage === "update" ? activations : 0); // not the engine's
      const planned = stageTotal(stages[stage]) - program - kept;
      const { copies, shared } = taken[stage];
      const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
      t.diagnostic(`${stage}: ${mb(shared)}, ${mb(copies)} if what is reshaped is copied, planned ${mb(planned)}`);
      assert.ok(
        planned > shared * 0.88 && planned < copies * 1.12,
        `${stage}: ${planned} planned, ${shared} to ${copies} taken`,
      );
    }
  });
}

test("a microbatch is planned at its longest pairs; more pairs, more memory", () => {
  const pairs = [...samplePairs(8, 60), ...samplePairs(2, 200)];
  assert.deepEqual(largestShape(pairs, 2), largestShape(pairs.slice(8), 2));
  const request: PlanRequest = { config: shapes["small"]!, objective: dpo, pairs, batch: 8, workers: 0 };
  const totals = [1, 2, 4, 8].map((size) => planMemory(request, size).total);
  assert.deepEqual(
    totals,
    totals.slice().sort((a, b) => a - b),
  );
  assert.ok(new Set(totals).size === 4);
  for (const [i, total] of totals.entries()) assert.equal(planWithin(request, total).microbatch, 2 ** i);
  assert.equal(planWithin(request, totals[2]! + 1).microbatch, 4);
  assert.equal(planWithin(request, 1).microbatch, 1);
  assert.equal(planWithin(request, Infinity, 6).microbatch, 6); // as it was asked for
  assert.equal(planWithin(request, totals[2]! - 1, 6).microbatch, 3);
});

test("an adapter holds the base once and no moments of it; workers each hold their own", () => {
  const request: PlanRequest = {
    config: shapes["grouped"]!,
    objective: dpo,
    pairs: samplePairs(4, 60),
    batch: 8,
    workers: 0,
  };
  const all = [...weightShapes(request.config).values()].reduce(
    (sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1),
    0,
  );
  const whole = planMemory(request, 4).stages.update;
  const own = planMemory({ ...request, lora }, 4).stages.update;
  assert.equal(whole.optimizer, 2 * all + 4 * 4 * pieceLength); // of which there are several
  assert.ok(own.optimizer < 0.5 * all && own.weights < 1.2 * all && own.weights > all);
  const alone = planMemory(request, 4).stages.gradient;
  const shared = planMemory({ ...request, workers: 3 }, 4).stages.gradient;
  assert.equal(shared.activations, 3 * alone.activations);
  assert.equal(shared.program, 4 * alone.program);
});

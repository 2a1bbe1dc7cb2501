/** The plan against what the engine holds at its peaks, on two small shapes; how it picks a microbatch. */
import { largestShape } from "../../lib/align/batchShape";
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../../lib/align/flat";
import { completionLogps, microbatchGradient, type PairIds } from "../../lib/align/microbatch";
import { planMemory, planStages, planWithin, stageTotal, type PlanRequest, type PlanStage } from "../../lib/align/plan";
import { Rng } from "../../lib/base/rng";
import { adamwInit, adamwUpdate } from "../../lib/engine/adamw";
import { switchEngine } from "../../lib/engine/backend";
import { nativeBackend } from "../../lib/engine/native";
import { uploadedHalves } from "../../lib/engine/half";
import { weightShapes } from "../../lib/model/weights";
import type { TransformerConfig } from "../../lib/model/config";
import { Transformer } from "../../lib/model/transformer";
import { uploadParams, type Params } from "../../lib/model/params";
import { chooseObjective } from "../../lib/align/objective/registry";
import { adapted, initialAdapter, loraScale, type LoraConfig } from "../../lib/model/lora";

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
const lora: LoraConfig = { rank: 8, alpha: 16, targets: ["q_proj", "v_proj", "o_proj", "down_proj"], rslora: false };

function samplePairs(count: number, length: number): PairIds[] {
  const rng = new Rng("plan");
  const side = () => {
    const total = length + rng.int(20),
      promptLength = Math.floor(total / 3);
    return {
      ids: Int32Array.from({ length: total }, () => rng.int(1000)),
      promptLength,
      weights: Float32Array.from({ length: total }, (_, t) => (t >= promptLength && rng.next() < 0.5 ? 1 : 0)),
    };
  };
  return Array.from({ length: count }, () => ({ chosen: side(), rejected: side() }));
}

interface Tracking {
  trackTensor(tensor: tf.Tensor, backend: unknown): void;
  removeDataId(id: object, backend: unknown): void;
}
/** Bytes on the engine now and at most, where a reshaped tensor is a copy, as tfjs believes, and where it shares its data, as TensorFlow has it. */
const held = { copies: { now: 0, peak: 0 }, shared: { now: 0, peak: 0 } };
const known = new Map<object, { bytes: number; tensors: number }>();
function hold(count: { now: number; peak: number }, bytes: number): void {
  count.now += bytes;
  count.peak = Math.max(count.peak, count.now);
}
before(async () => {
  await switchEngine("native").catch(() => undefined);
  const engine = tf.engine() as unknown as Tracking,
    track = engine.trackTensor.bind(engine),
    remove = engine.removeDataId.bind(engine),
    native = nativeBackend();
  let viewed: tf.Tensor | undefined;
  engine.trackTensor = (tensor, backend) => {
    track(tensor, backend);
    if (known.has(tensor.dataId)) return;
    const bytes = tensor.size * (tensor.dtype === "complex64" ? 8 : 4),
      data = (viewed && known.get(viewed.dataId)) ?? { bytes, tensors: 0 };
    known.set(tensor.dataId, data);
    hold(held.copies, bytes);
    if (data.tensors++ === 0) hold(held.shared, bytes);
  };
  engine.removeDataId = (id, backend) => {
    remove(id, backend);
    const data = known.get(id);
    if (!data) return;
    known.delete(id);
    held.copies.now -= data.bytes;
    if (--data.tensors === 0) held.shared.now -= data.bytes;
  };
  if (!native) return;
  const execute = native.executeSingleOutput.bind(native);
  native.executeSingleOutput = (name, attributes, inputs) => {
    viewed = name === "Reshape" || name === "Bitcast" ? inputs[0] : undefined;
    try {
      return execute(name, attributes, inputs);
    } finally {
      viewed = undefined;
    }
  };
});
type Peaks = Record<keyof typeof held, number>;
async function peakOf(work: () => Promise<unknown> | void): Promise<Peaks> {
  for (const count of Object.values(held)) count.peak = count.now;
  await work();
  return { copies: held.copies.peak, shared: held.shared.peak };
}

/** What each stage holds, measured in one process that holds nothing else. */
async function measured({
  config,
  pairs,
  lora,
  gradientCheckpointing,
  halves,
}: PlanRequest): Promise<Record<PlanStage, Peaks>> {
  const rng = new Rng("weights"),
    model = new Transformer(config, gradientCheckpointing);
  const base: Params = Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      if (!halves || shape.length < 2)
        return [
          name,
          tf.tensor(
            new Float32Array(size).map(() => 0.04 * (rng.next() - 0.5)),
            shape,
          ),
        ];
      return [
        name,
        uploadedHalves(
          new Float32Array(
            Uint16Array.from({ length: size }, () => 0x3c00 + rng.int(0x80) + 0x8000 * rng.int(2)).buffer,
          ),
          shape as [number, number],
          "BF16",
        ).tensor,
      ]; // ±0.008 to ±0.016
    }),
  );
  const trained = lora ? uploadParams(initialAdapter(config, lora, rng).tensors) : base;
  const layout = flatLayout(trained),
    weights = flatten(Object.values(trained)),
    zeros = new Float32Array(pairs.length);
  tf.dispose(trained);
  const complete = lora && ((own: Params) => adapted(base, own, loraScale(lora)));
  const reference = await peakOf(() => completionLogps(model, layout, weights, pairs, complete));
  const state = adamwInit(weights.size);
  let taken: tf.Tensor1D | undefined;
  const gradient = await peakOf(async () => {
    taken = (
      await microbatchGradient(
        model,
        layout,
        weights,
        pairs,
        { objective: chooseObjective("dpo"), reference: { chosen: zeros, rejected: zeros }, scale: 1 },
        complete,
      )
    ).gradient;
  });
  const clipped = tf.mul(taken!, 0.5);
  const update = await peakOf(() => {
    const next = adamwUpdate(weights, clipped as tf.Tensor1D, state, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
    });
    tf.dispose([next.weights, next.state.m, next.state.v]);
  });
  tf.dispose([base, weights, state.m, state.v, taken!, clipped]);
  model.dispose();
  return { reference, gradient, update };
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
for (const [name, config] of [...Object.entries(shapes), ["wide", wide] as const])
  for (const saving of savings) {
    test(`${name}, ${Object.keys(saving).join(", ") || "all weights"}: every stage as the engine holds it, within 12 %`, async (t) => {
      if (tf.getBackend() !== "tensorflow") return t.skip("calibrated on the native engine");
      const request: PlanRequest = { config, pairs: samplePairs(6, 110), ...saving, batch: 6, workers: 0 };
      const { stages } = planMemory(request, 6),
        taken = await measured(request);
      for (const stage of planStages) {
        const { program, checkpoint, activations } = stages[stage],
          kept = checkpoint + (stage === "update" ? activations : 0); // not the engine's
        const planned = stageTotal(stages[stage]) - program - kept,
          { copies, shared } = taken[stage];
        t.diagnostic(
          `${stage}: ${(shared / 1e6).toFixed(1)} MB, ${(copies / 1e6).toFixed(1)} MB if what is reshaped is copied, planned ${(planned / 1e6).toFixed(1)} MB`,
        );
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
  const request: PlanRequest = { config: shapes["small"]!, pairs, batch: 8, workers: 0 };
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
  const request: PlanRequest = { config: shapes["grouped"]!, pairs: samplePairs(4, 60), batch: 8, workers: 0 };
  const all = [...weightShapes(request.config).values()].reduce(
    (sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1),
    0,
  );
  const whole = planMemory(request, 4).stages.update,
    own = planMemory({ ...request, lora }, 4).stages.update;
  assert.equal(whole.optimizer, 6 * all);
  assert.ok(own.optimizer < 0.5 * all && own.weights < 1.2 * all && own.weights > all);
  const alone = planMemory(request, 4).stages.gradient,
    shared = planMemory({ ...request, workers: 3 }, 4).stages.gradient;
  assert.equal(shared.activations, 3 * alone.activations);
  assert.equal(shared.program, 4 * alone.program);
});

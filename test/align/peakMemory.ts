/** What the engine holds at the peaks of training, counted as tensors come and go. */
import { before } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../../lib/align/flat";
import { completionLogps, microbatchGradient } from "../../lib/align/microbatch";
import { needsDistributions, needsOf } from "../../lib/align/objective/registry";
import type { PlanRequest, PlanStage } from "../../lib/align/plan";
import { Rng } from "../../lib/base/rng";
import { adamwInit, adamwUpdate } from "../../lib/engine/adamw";
import { switchEngine } from "../../lib/engine/backend";
import { uploadedHalves } from "../../lib/engine/half";
import { nativeBackend } from "../../lib/engine/native";
import { adapted, initialAdapter, loraScale, type LoraConfig } from "../../lib/model/adapter/lora";
import { uploadParams, type Params } from "../../lib/model/params";
import { Transformer } from "../../lib/model/transformer";
import { weightShapes } from "../../lib/model/weights";

export const lora: LoraConfig = {
  rank: 8,
  alpha: 16,
  targets: ["q_proj", "v_proj", "o_proj", "down_proj"],
  rslora: false,
};

interface Tracking {
  trackTensor(tensor: tf.Tensor, backend: unknown): void;
  removeDataId(id: object, backend: unknown): void;
}
/**
 * Bytes on the engine now and at most, where a reshaped tensor is a copy, as tfjs believes, and where it shares its
 * data, as TensorFlow has it.
 */
const held = { copies: { now: 0, peak: 0 }, shared: { now: 0, peak: 0 } };
const known = new Map<object, { bytes: number; tensors: number }>();
function hold(count: { now: number; peak: number }, bytes: number): void {
  count.now += bytes;
  count.peak = Math.max(count.peak, count.now);
}
before(async () => {
  await switchEngine("native").catch(() => undefined);
  const engine = tf.engine() as unknown as Tracking;
  const track = engine.trackTensor.bind(engine);
  const remove = engine.removeDataId.bind(engine);
  const native = nativeBackend();
  let viewed: tf.Tensor | undefined;
  engine.trackTensor = (tensor, backend) => {
    track(tensor, backend);
    if (known.has(tensor.dataId)) return;
    const bytes = tensor.size * (tensor.dtype === "complex64" ? 8 : 4);
    const data = (viewed && known.get(viewed.dataId)) ?? { bytes, tensors: 0 };
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
export async function measured({
  config,
  pairs,
  lora,
  gradientCheckpointing,
  halves,
  objective,
}: PlanRequest): Promise<Record<PlanStage, Peaks>> {
  const rng = new Rng("weights");
  // repeated: what is measured depends on sizes alone, and millions take seconds to draw
  const drawn = Float32Array.from({ length: 4099 }, () => 0.04 * (rng.next() - 0.5));
  const model = new Transformer(config, gradientCheckpointing);
  const base: Params = Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      if (!halves || shape.length < 2)
        return [
          name,
          tf.tensor(
            new Float32Array(size).map((_, i) => drawn[i % drawn.length]!),
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
  const layout = flatLayout(trained);
  const weights = flatten(Object.values(trained));
  const zeros = new Float32Array(pairs.length);
  tf.dispose(trained);
  const complete = lora && ((own: Params) => adapted(base, own, loraScale(lora)));
  const reference = await peakOf(() => completionLogps(model, layout, weights, pairs, complete));
  const state = adamwInit(weights.size);
  const frozen = needsDistributions(needsOf(objective)) ? tf.tensor1d(await weights.data<"float32">()) : undefined;
  let taken: tf.Tensor1D | undefined;
  const gradient = await peakOf(async () => {
    taken = (
      await microbatchGradient(
        model,
        layout,
        weights,
        pairs,
        { objective, reference: { chosen: zeros, rejected: zeros }, scale: 1 },
        complete,
        frozen,
      )
    ).gradient;
  });
  frozen?.dispose();
  const update = await peakOf(() => {
    const next = adamwUpdate(weights, taken!, state, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      factor: 0.5,
    });
    tf.dispose([next.weights, next.state.m, next.state.v]);
  });
  tf.dispose([base, weights, taken!]);
  model.dispose();
  return { reference, gradient, update };
}

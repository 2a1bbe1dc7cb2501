// What an engine computes, to be compared with another engine's: fused kernels with their gradients, training steps, a
// greedy continuation. Everything is read asynchronously, the only way WebGPU offers.
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten, unflatten } from "../../lib/align/flat";
import { sequenceLogps } from "../../lib/align/logps";
import { dpoLosses } from "../align/objective/dpoLosses";
import { Rng } from "../../lib/base/rng";
import { adamwInit, adamwUpdate } from "../../lib/engine/adamw";
import { AngleTable, causalMask, ropeAttention } from "../../lib/engine/attention";
import { targetLogps } from "../../lib/engine/head";
import { rmsNorm, swiglu, takeRows } from "../../lib/engine/kernels";
import { generate, greedySampling } from "../../lib/model/generate";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { Transformer } from "../../lib/model/transformer";
import { uploadParams } from "../../lib/model/params";
import { goldenPath } from "../golden/golden";

export type Probe = Record<string, number[]>;

const read = async (t: tf.Tensor) => Array.from(await t.data());
const random = <R extends tf.Tensor>(name: string, ...shape: number[]): R => {
  const stream = new Rng("probe").fork(name);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()),
    shape,
  ) as R;
};

/** Value and gradients of each fused kernel, under a random weighting of its outputs. */
async function kernels(out: Probe): Promise<void> {
  const ints = (...values: number[]) => tf.tensor1d(values, "int32");
  // ten tokens in two groups: 0 1 2 with padding and 0 1 3 4, then 5 6 7 8 9
  const { cos, sin } = new AngleTable(Float32Array.from([1, 0.3, 0.05])).at(ints(0, 1, 2, 2, 3, 0, 1, 2, 3, 4), 5);
  const angles = { cos: tf.expandDims(cos, 1), sin: tf.expandDims(sin, 1) };
  const attention = {
    groups: [
      { rows: 2, length: 4, mask: causalMask(4) },
      { rows: 1, length: 5, mask: causalMask(5) },
    ],
    slots: ints(0, 1, 2, 0, 0, 1, 3, 4, 5, 6, 7, 8, 9),
    slotOf: ints(4, 5, 2, 6, 7, 8, 9, 10, 11, 12),
    owners: ints(10, 10, 2, 10, 0, 1, 3, 4, 5, 6, 7, 8, 9),
  };
  const rows = ints(3, 3, 0, 8, 3);
  const targets = Int32Array.from([0, 10, 4, 4, 7, 1]);
  type Kernel = [inputs: tf.Tensor[], run: (...x: tf.Tensor[]) => tf.Tensor];
  const all: Record<string, Kernel> = {
    rmsNorm: [[random("x", 6, 10), random("w", 10)], (x, w) => rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5)],
    swiglu: [[random("g", 5, 7), random("u", 5, 7)], (g, u) => swiglu(g as tf.Tensor2D, u as tf.Tensor2D)],
    takeRows: [[random("t", 9, 4)], (t) => takeRows(t as tf.Tensor2D, rows)],
    targetLogps: [
      [random("h", 6, 5), random("e", 11, 5)],
      (h, e) => targetLogps(h as tf.Tensor2D, e as tf.Tensor2D, targets),
    ],
    "targetLogps in chunks": [
      [random("h", 6, 5), random("e", 11, 5)],
      (h, e) => targetLogps(h as tf.Tensor2D, e as tf.Tensor2D, targets, { most: 44 }),
    ],
    ropeAttention: [
      [random("qk", 10, 36), random("v", 10, 12)],
      (qk, v) => ropeAttention(qk as tf.Tensor2D, v as tf.Tensor2D, { heads: 4, kvHeads: 2 }, angles, attention),
    ],
  };
  for (const [name, [inputs, run]] of Object.entries(all)) {
    const value = run(...inputs);
    const weights = random(`${name} weights`, ...value.shape);
    out[name] = await read(value);
    const { grads } = tf.valueAndGrads((...x: tf.Tensor[]) => tf.sum(tf.mul(run(...x), weights)))(inputs);
    for (const [i, grad] of grads.entries()) out[`${name} gradient ${i}`] = await read(grad);
  }
}

/** Two masked-DPO steps and a greedy continuation of a tiny grouped-query model. */
async function model(out: Probe): Promise<void> {
  const { config, tensors } = readCheckpoint(goldenPath("models", "llama-gqa-llama3"));
  const llamas = [new Transformer(config), new Transformer(config, true)];
  const params = uploadParams(tensors);
  const layout = flatLayout(params);
  const rng = new Rng("probe ids");
  const prompt = Array.from({ length: 4 }, () => rng.int(256));
  const batch = [12, 9, 10, 12].map((length) => ({
    ids: Int32Array.from({ length }, (_, t) => prompt[t] ?? rng.int(256)),
    weights: Float32Array.from({ length }, (_, t) => (t > 4 && t % 3 > 0 ? 1 : 0)),
  }));
  let weights = flatten(Object.values(params));
  let state = adamwInit(weights.size);
  for (let step = 0; step < 2; step++) {
    const objective = (...t: tf.Tensor[]): tf.Scalar => {
      const [policyChosen, policyRejected] = tf.split(
        sequenceLogps(llamas[step]!, Object.fromEntries(t.map((x, i) => [layout.names[i]!, x])), batch),
        2,
      ) as [tf.Tensor1D, tf.Tensor1D];
      return tf.mean(
        dpoLosses(
          {
            policyChosen,
            policyRejected,
            referenceChosen: tf.tensor1d([-30, -31]),
            referenceRejected: tf.tensor1d([-32, -29]),
          },
          0.1,
        ).losses,
      );
    };
    const { value, grads } = tf.valueAndGrads(objective)(Object.values(unflatten(weights, layout)));
    out[`loss ${step}`] = await read(value);
    ({ weights, state } = adamwUpdate(weights, flatten(grads), state, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0.01,
    }));
  }
  out["gradient norm"] = await read(tf.norm(state.m[0]!));
  out["weights"] = (await read(weights)).filter((_, i) => i % 97 === 0);
  for await (const { completions } of generate(
    config,
    params,
    [{ promptIds: [5, 6, 7], streams: [rng.fork("a")] }],
    { ...greedySampling, maxNewTokens: 4 },
    { eosIds: [], vocabSize: config.vocabSize },
  ))
    out["greedy"] = completions[0]!.ids;
}

/** A matrix product. */
export async function product(): Promise<Probe> {
  return { matMul: await read(tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]))) };
}

/** Everything, on the active engine. */
export async function probed(): Promise<Probe> {
  const out = await product();
  await kernels(out);
  await model(out);
  return out;
}

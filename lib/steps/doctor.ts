/** What this machine computes with, and whether it computes rightly: the engine against plain JavaScript. */
import { existsSync } from "node:fs";
import os from "node:os";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../align/flat";
import { microbatchGradient, type PairIds } from "../align/microbatch";
import { chooseObjective } from "../align/objective/registry";
import { versionIn } from "../base/files";
import { Rng } from "../base/rng";
import { adamwInit, adamwUpdate, clipGradient } from "../engine/adamw";
import { startEngine, switchEngine } from "../engine/backend";
import { weightShapes } from "../model/checkpoint";
import type { LlamaConfig } from "../model/config";
import { Llama, uploadParams } from "../model/llama";
import type { HostTensor } from "../model/safetensors";

/** One thing that was tried; `detail` has its number. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

export interface Diagnosis {
  facts: [name: string, value: string][];
  checks: Check[];
}

/** Largest relative difference a correct engine may have: float32 sums in another order. */
const tolerance = 1e-4;
const tiny: LlamaConfig = {
  architecture: "Qwen2ForCausalLM",
  hiddenSize: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  intermediateSize: 48,
  vocabSize: 96,
  rmsEps: 1e-6,
  ropeTheta: 10000,
  tied: true,
  qkvBias: true,
  oBias: false,
  mlpBias: false,
  maxPositions: 64,
  eosIds: [],
};

/** Looks and tries; an engine that does not start is a failed check, and nothing else is tried then. */
export async function diagnose(): Promise<Diagnosis> {
  const facts: Diagnosis["facts"] = [
    ["mask-dpo-lab", versionIn("package.json")],
    ["Node", `${process.version} on ${process.platform} ${process.arch}`],
    ["tfjs", tf.version.tfjs],
    ["processor", `${os.cpus()[0]?.model.trim() ?? "unknown"}, ${os.availableParallelism()} threads`],
    ["memory", `${(os.totalmem() / 1e9).toFixed(1)} GB, ${(os.freemem() / 1e9).toFixed(1)} GB free`],
    ["graphics", existsSync("/dev/nvidia0") ? "an NVIDIA device" : "no NVIDIA device seen"],
  ];
  let engine;
  try {
    engine = await startEngine();
  } catch (error) {
    return { facts, checks: [{ name: "engine starts", ok: false, detail: (error as Error).message }] };
  }
  facts.push(
    ["engine", engine.description],
    [
      "work is shared out",
      engine.parallel ? `among ${os.availableParallelism()} processes where there is enough` : "no: one process",
    ],
  );
  const ours = { product: await product(), step: await trainingStep() };
  facts.push(["speed", `${(await gigaflops()).toFixed(0)} GFLOP/s in a product of 512 x 512 matrices`]);
  await switchEngine("cpu");
  const plain = { product: await product(), step: await trainingStep() };
  await switchEngine(engine.name);
  return {
    facts,
    checks: [
      compare("matrix product", ours.product, exactProduct()),
      compare("matrix product, plain JavaScript", plain.product, exactProduct()),
      compare("training step: loss", ours.step.loss, plain.step.loss),
      compare("training step: gradient", ours.step.gradient, plain.step.gradient),
      compare("training step: new weights", ours.step.weights, plain.step.weights),
    ],
  };
}

/** Passes when the largest difference is small against the largest value. */
export function compare(name: string, values: ArrayLike<number>, expected: ArrayLike<number>): Check {
  let difference = 0,
    scale = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(values[i]! - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  const error = values.length === expected.length ? difference / scale : NaN;
  return { name, ok: error <= tolerance, detail: `relative error ${error.toExponential(1)} (at most ${tolerance})` };
}

const [rows, inner, columns] = [67, 129, 45] as const;
const factors = { a: draws("doctor/a", rows * inner, 1), b: draws("doctor/b", inner * columns, 1) };

async function product(): Promise<Float32Array> {
  const out = tf.tidy(() => tf.matMul(tf.tensor2d(factors.a, [rows, inner]), tf.tensor2d(factors.b, [inner, columns])));
  const values = (await out.data<"float32">()).slice();
  out.dispose();
  return values;
}

function exactProduct(): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const row = Math.floor(at / columns),
      column = at % columns;
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += factors.a[row * inner + k]! * factors.b[k * columns + column]!;
    return sum;
  });
}

/** One step of masked DPO on a tiny seeded model, as training takes it. */
async function trainingStep(): Promise<Record<"loss" | "gradient" | "weights", Float32Array>> {
  const tensors = new Map(
    [...weightShapes(tiny)].map(([name, shape]): [string, HostTensor] => {
      const noise = draws(
        `doctor/${name}`,
        shape.reduce((a, b) => a * b, 1),
        0.3,
      );
      return [name, { shape, data: name.endsWith("norm.weight") ? noise.map((x) => 1 + x) : noise }];
    }),
  );
  const model = new Llama(tiny),
    params = uploadParams(tensors),
    weights = flatten(Object.values(params)),
    pairs = samplePairs();
  const { gradient, log } = await microbatchGradient(model, flatLayout(params), weights, pairs, {
    objective: chooseObjective("dpo"),
    reference: { chosen: Float32Array.from(pairs, () => -40), rejected: Float32Array.from(pairs, () => -38) },
    scale: 1 / pairs.length,
  });
  const { clipped } = await clipGradient(gradient, 1),
    start = adamwInit(weights.size);
  const { weights: next, state } = adamwUpdate(weights, clipped, start, {
    lr: 1e-2,
    betas: [0.9, 0.999],
    eps: 1e-3,
    weightDecay: 0.01,
  }); // an eps with which rounding does not decide a sign
  const out = {
    loss: log.losses,
    gradient: (await gradient.data<"float32">()).slice(),
    weights: (await next.data<"float32">()).slice(),
  };
  tf.dispose([params, weights, gradient, clipped, next, start.m, start.v, state.m, state.v]);
  model.dispose();
  return out;
}

function samplePairs(): PairIds[] {
  const rng = new Rng("doctor/pairs");
  const side = (prompt: number[], length: number) => {
    const ids = Int32Array.from([...prompt, ...Array.from({ length }, () => rng.int(tiny.vocabSize))]);
    return {
      ids,
      promptLength: prompt.length,
      weights: Float32Array.from(ids, (_, t) => (t >= prompt.length && rng.next() < 0.7 ? 1 : 0)),
    };
  };
  return Array.from({ length: 3 }, () => {
    const prompt = Array.from({ length: 5 }, () => rng.int(tiny.vocabSize));
    return { chosen: side(prompt, 6 + rng.int(12)), rejected: side(prompt, 6 + rng.int(12)) };
  });
}

/** Floating-point operations a second, in thousands of millions: the best of as many products as half a second allows, at least three. */
async function gigaflops(size = 512): Promise<number> {
  const a = tf.tensor2d(draws("doctor/speed", size * size, 1), [size, size]),
    began = performance.now();
  let best = Infinity;
  for (let tries = 0; tries < 3 || performance.now() - began < 500; tries++) {
    const started = performance.now(),
      out = tf.tidy(() => tf.sum(tf.matMul(a, a)));
    await out.data();
    best = Math.min(best, performance.now() - started);
    out.dispose();
  }
  a.dispose();
  return (2 * size ** 3) / best / 1e6;
}

function draws(name: string, count: number, scale: number): Float32Array {
  const rng = new Rng(name);
  return Float32Array.from({ length: count }, () => scale * (2 * rng.next() - 1));
}

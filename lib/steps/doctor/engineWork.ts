/**
 * A little of everything training and sampling compute, on a tiny seeded model: small enough for plain JavaScript,
 * which says what the numbers have to be.
 */
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../../align/flat";
import { microbatchGradient } from "../../align/microbatch";
import type { PairIds } from "../../align/pairIds";
import { chooseObjective } from "../../align/objective/registry";
import { Rng } from "../../base/rng";
import { adamwInit, adamwUpdate, clipFactor, gradientNorm } from "../../engine/adamw";
import { weightShapes } from "../../model/weights";
import type { TransformerConfig } from "../../model/config";
import { Decoder } from "../../model/decode";
import { disposeCache, emptyCache, type Cache } from "../../model/cache";
import { generate, type GenerateRequest } from "../../model/generate";
import { Transformer } from "../../model/transformer";
import { uploadParams, type Params } from "../../model/params";
import type { HostTensor } from "../../model/safetensors/safetensors";

/** Numbers by name; "" where there is only one kind. */
export type Numbers = Record<string, ArrayLike<number>>;

/** Every kind of work, done on the active engine. */
export const engineWork: Record<string, () => Promise<Numbers>> = {
  "matrix product": product,
  "training step": trainingStep,
  decoding,
};

const tiny: TransformerConfig = {
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

/** Seeded numbers in [-scale, scale). */
export function draws(name: string, count: number, scale: number): Float32Array {
  const rng = new Rng(name);
  return Float32Array.from({ length: count }, () => scale * (2 * rng.next() - 1));
}

const [rows, inner, columns] = [67, 129, 45] as const;
const factors = { a: draws("doctor/a", rows * inner, 1), b: draws("doctor/b", inner * columns, 1) };

async function product(): Promise<Numbers> {
  const multiply = () => tf.matMul(tf.tensor2d(factors.a, [rows, inner]), tf.tensor2d(factors.b, [inner, columns]));
  return { "": await taken(tf.tidy(multiply)) };
}

/** The matrix product in double precision, without tfjs. */
export function exactProduct(): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const row = Math.floor(at / columns);
    const column = at % columns;
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += factors.a[row * inner + k]! * factors.b[k * columns + column]!;
    return sum;
  });
}

/** One step of masked DPO, as training takes it. */
async function trainingStep(): Promise<Numbers> {
  const model = new Transformer(tiny);
  const params = tinyParams();
  const weights = flatten(Object.values(params));
  const pairs = samplePairs();
  const reference = { chosen: Float32Array.from(pairs, () => -40), rejected: Float32Array.from(pairs, () => -38) };
  const minimised = { objective: chooseObjective("dpo"), reference, scale: 1 / pairs.length };
  const { gradient, log } = await microbatchGradient(model, flatLayout(params), weights, pairs, minimised);
  const factor = clipFactor(await gradientNorm(gradient), 1);
  // an eps with which rounding does not decide a sign
  const adamw = { lr: 1e-2, betas: [0.9, 0.999] as const, eps: 1e-3, weightDecay: 0.01, factor };
  const { weights: next, state } = adamwUpdate(weights, gradient, adamwInit(weights.size), adamw);
  const out = { loss: log.losses, gradient: await values(gradient), "new weights": await values(next) };
  tf.dispose([params, weights, gradient, next, state.m, state.v]);
  model.dispose();
  return out;
}

function samplePairs(): PairIds[] {
  const rng = new Rng("doctor/pairs");
  const side = (prompt: number[], length: number) => {
    const ids = Int32Array.from([...prompt, ...tokens(rng, length)]);
    const counted = Float32Array.from(ids, (_, t) => (t >= prompt.length && rng.next() < 0.7 ? 1 : 0));
    return { ids, promptLength: prompt.length, weights: counted };
  };
  return Array.from({ length: 3 }, () => {
    const prompt = tokens(rng, 5);
    return { chosen: side(prompt, 6 + rng.int(12)), rejected: side(prompt, 6 + rng.int(12)) };
  });
}

/**
 * A few tokens after two prompts of different lengths, sampled as sampling does. The logits of the same model after a
 * prompt and one token more say how near the numbers are, which tokens do not.
 */
async function decoding(): Promise<Numbers> {
  const params = tinyParams();
  const rng = new Rng("doctor/decoding");
  const requests = [5, 8].map((length): GenerateRequest => {
    const streams = [rng.fork(`${length}`), rng.fork(`${length} again`)];
    return { promptIds: tokens(rng, length), streams };
  });
  const options = { temperature: 0.8, topK: 8, topP: 1, maxNewTokens: 4 };
  const completions: number[][] = [];
  for await (const made of generate(tiny, params, requests, options, { eosIds: [], vocabSize: tiny.vocabSize })) {
    completions[made.request] = made.completions.flatMap(({ ids }) => ids);
  }
  const logits = await cachedLogits(params, tokens(rng, 6));
  tf.dispose(params);
  return { logits, tokens: completions.flat() };
}

/** Logits after all ids, of which the last comes upon a cache of the others. */
async function cachedLogits(params: Params, ids: readonly number[]): Promise<Float32Array> {
  const decoder = new Decoder(tiny, params);
  const step = (part: readonly number[], cache: Cache) => {
    const input = tf.tensor2d([...part], [1, part.length], "int32");
    const out = decoder.step(input, cache);
    input.dispose();
    return out;
  };
  const prompt = step(ids.slice(0, -1), emptyCache(tiny));
  const { logits, cache } = step(ids.slice(-1), prompt.cache);
  prompt.logits.dispose();
  disposeCache(cache);
  decoder.dispose();
  return taken(logits);
}

function tinyParams(): Params {
  return uploadParams(
    new Map(
      [...weightShapes(tiny)].map(([name, shape]): [string, HostTensor] => {
        const noise = draws(
          `doctor/${name}`,
          shape.reduce((a, b) => a * b, 1),
          0.3,
        );
        return [name, { shape, data: name.endsWith("norm.weight") ? noise.map((x) => 1 + x) : noise }];
      }),
    ),
  );
}

function tokens(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => rng.int(tiny.vocabSize));
}

async function values(tensor: tf.Tensor): Promise<Float32Array> {
  return (await tensor.data<"float32">()).slice();
}

/** Its values; the tensor is disposed. */
async function taken(tensor: tf.Tensor): Promise<Float32Array> {
  const copy = await values(tensor);
  tensor.dispose();
  return copy;
}

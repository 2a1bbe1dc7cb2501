/** Masked DPO at the shapes of published models, step by step, on whatever engine is started. */
import * as tf from "@tensorflow/tfjs";
import { localCompute } from "../../lib/align/compute";
import { flatLayout, flatten } from "../../lib/align/flat";
import type { ReferenceLogps } from "../../lib/align/pairIds";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { train } from "../../lib/align/train";
import { paperTraining, type TrainOptions } from "../../lib/align/trainOptions";
import { Rng } from "../../lib/base/rng";
import type { TransformerConfig } from "../../lib/model/config";
import { uploadParams } from "../../lib/model/params";
import type { HostTensor } from "../../lib/model/safetensors/safetensors";
import { Transformer } from "../../lib/model/transformer";
import { weightCount } from "../../lib/model/weights";
import type { TokenizedPair } from "../../lib/preference/collate";
import { largeConfig, randomPairs, seededConfig, seededTensors } from "../bench/seeded";

interface Shape {
  config: TransformerConfig;
  /** Tokens of a prompt, and of a prompt with its completion. */
  lengths: { prompt: number; shortest: number; longest: number };
  batch: number;
  microbatch: number;
}

/** The paper's batch of 64 at the smallest shape; at the others what a step of a few seconds has. */
export const shapes: Readonly<Record<string, Shape>> = {
  "0.1M": {
    config: { ...seededConfig, hiddenSize: 32, layers: 2, headDim: 8, intermediateSize: 64, vocabSize: 320 },
    lengths: { prompt: 4, shortest: 10, longest: 16 },
    batch: 4,
    microbatch: 2,
  },
  "1M": {
    config: seededConfig,
    lengths: { prompt: 16, shortest: 48, longest: 96 },
    batch: 64,
    microbatch: 16,
  },
  "30M": {
    config: largeConfig,
    lengths: { prompt: 32, shortest: 128, longest: 256 },
    batch: 8,
    microbatch: 4,
  },
  "135M": {
    config: {
      ...seededConfig,
      hiddenSize: 576,
      layers: 30,
      heads: 9,
      kvHeads: 3,
      headDim: 64,
      intermediateSize: 1536,
      vocabSize: 49152,
    },
    lengths: { prompt: 40, shortest: 240, longest: 290 },
    batch: 8,
    microbatch: 2,
  },
};

/** What every side trains on: the same weights, pairs, order and rates. */
export interface ShapeWork {
  tensors: Map<string, HostTensor>;
  pairs: TokenizedPair[];
  options: TrainOptions;
  reference: ReferenceLogps;
}

export interface ShapeRun {
  weights: number;
  /** Of each step, in seconds, with its loss. */
  seconds: number[];
  losses: number[];
  /** Tokens of a step, on average: prompts and completions of both sides. */
  tokens: number;
}

/** Of the order of the pairs. */
export const seed = 1;
const batches = 4;

/** @param steps a multiple of 4: four batches, epoch after epoch @param limit seconds after which no step begins */
export async function trainShape(
  name: string,
  steps: number,
  limit: number,
): Promise<{ run: ShapeRun; work: ShapeWork }> {
  const { config, lengths, batch, microbatch } = shapes[name]!;
  const model = new Transformer(config);
  const tensors = seededTensors(name, config);
  const params = uploadParams(tensors);
  const layout = flatLayout(params);
  const initial = flatten(Object.values(params));
  tf.dispose(params);
  const pairs = randomPairs(config, batches * batch, lengths);
  const compute = localCompute(model, layout, pairs);
  const reference = weightedSums(await computeLogps(compute, initial, pairs, microbatch), pairs);
  const options: TrainOptions = { ...paperTraining, lr: 1e-4, epochs: Math.ceil(steps / batches), batch, microbatch };
  const sides = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const tokens = sides.reduce((sum, { ids }) => sum + ids.length, 0) / batches;
  const run: ShapeRun = { weights: weightCount(config), seconds: [], losses: [], tokens };
  const began = performance.now();
  let last = began;
  for await (const { loss } of train({ compute, initial, pairs, reference, options, rng: new Rng(seed) })) {
    run.seconds.push((performance.now() - last) / 1000);
    run.losses.push(loss);
    last = performance.now();
    if (run.seconds.length >= steps || last - began > 1000 * limit) break;
  }
  initial.dispose();
  model.dispose();
  return { run, work: { tensors, pairs, options, reference } };
}

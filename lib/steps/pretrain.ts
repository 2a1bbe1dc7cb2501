/**
 * Pretraining of Atlas's bases: next-token prediction on the completions of its "web" (lib/world/render). The sum over
 * completion tokens of -log p, averaged over tokens; resumable; every step draws its documents from a stream named by
 * the step, so that a resumed run is bitwise the uninterrupted one.
 */
import { readdirSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { sum } from "../base/collections";
import { flatLayout, flatten, unflatten, valueAndGradient, type FlatLayout } from "../align/flat";
import { sequenceLogps, type WeightedSequence } from "../align/logps";
import { readTrainState, writeTrainState } from "../align/trainState";
import { UserError } from "../base/check";
import { hashOf, sha256File } from "../base/hash";
import { takeLock } from "../base/lock";
import { startProgress, breathe } from "../base/progress";
import { Rng } from "../base/rng";
import { sweep } from "../base/runFolder";
import { startEngine } from "../engine/backend";
import { adamwFrom, adamwInit, adamwUpdate, clipFactor, downloadMoments, gradientNorm } from "../engine/adamw";
import { warmupCosine } from "../engine/schedule";
import { weightShapes } from "../model/weights";
import { checkReplaceable, writeCheckpoint } from "../model/checkpoint";
import type { TransformerConfig } from "../model/config";
import { Transformer } from "../model/transformer";
import { downloadParams, type Params } from "../model/params";
import { promptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";
import { loadAtlas } from "../world/atlas";
import { atlasFolder } from "../world/facts";
import { pretrainingDocuments } from "../world/render";

/** Everything that determines a base. */
export interface PretrainRecipe {
  seed: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  intermediateSize: number;
  steps: number;
  batch: number;
  lr: number;
  /** share of the documents that answer a question which says what to state (default: none) */
  fixed?: number;
}

/** Chosen so that it scores 45-55 % on the test questions at T 0.8, top-k 40 (the paper's base: 47.79). */
const base: PretrainRecipe = {
  seed: 1,
  hiddenSize: 128,
  layers: 4,
  heads: 4,
  kvHeads: 1,
  intermediateSize: 352,
  steps: 1700,
  batch: 64,
  lr: 2e-3,
};

/** Shipped in data/atlas. */
export const bases: Readonly<Record<"base" | "other" | "large" | "both", PretrainRecipe>> = {
  base,
  other: {
    seed: 2,
    hiddenSize: 160,
    layers: 4,
    heads: 5,
    kvHeads: 1,
    intermediateSize: 432,
    steps: 1700,
    batch: 64,
    lr: 2e-3,
  },
  large: {
    seed: 3,
    hiddenSize: 192,
    layers: 6,
    heads: 6,
    kvHeads: 1,
    intermediateSize: 512,
    steps: 1700,
    batch: 64,
    lr: 1.5e-3,
  },
  both: { ...base, seed: 4, fixed: 0.5 },
};

const optimizer = { betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.05 } as const;
const warmupSteps = 100;
const lrFloor = 0.05;
const checkpointEvery = 50;

/**
 * Pretrains into `dir` (a Hugging Face folder); `dir`.state holds the resumable state until it is done. Returns the
 * mean of the last 50 losses.
 * @throws UserError for a folder of something else, one that another process pretrains into, or a loss that is not
 *   finite
 */
export async function pretrain(recipe: PretrainRecipe, tokenizer: Tokenizer, dir: string): Promise<number> {
  checkReplaceable(dir);
  const stateFile = `${dir}.state/state.safetensors`;
  const lock = takeLock(stateFile);
  sweep(path.dirname(stateFile));
  try {
    const loss = await pretrainInto(dir, stateFile, recipe, tokenizer);
    rmSync(stateFile, { force: true });
    return loss;
  } finally {
    lock.release();
    if (readdirSync(path.dirname(stateFile)).length === 0) rmdirSync(path.dirname(stateFile));
  }
}

async function pretrainInto(
  dir: string,
  stateFile: string,
  recipe: PretrainRecipe,
  tokenizer: Tokenizer,
): Promise<number> {
  const config = baseConfig(recipe, tokenizer);
  const model = new Transformer(config);
  const rng = new Rng(recipe.seed).fork("pretrain");
  const engine = await startEngine();
  const key = hashOf({
    recipe,
    engine: engine.arithmetic,
    data: ["tokenizer.json", "cities.jsonl", "countries.jsonl"].map((name) => sha256File(path.join(atlasFolder, name))),
  });
  const initial = initialParams(config, rng.fork("init"));
  const layout = flatLayout(initial);
  const resumed = readTrainState(stateFile, { key, size: sum(layout.sizes), steps: recipe.steps });
  let weights = resumed ? tf.tensor1d(resumed.weights) : flatten(Object.values(initial));
  tf.dispose(initial);
  let adam = resumed ? adamwFrom(resumed.m, resumed.v, resumed.step) : adamwInit(weights.size);
  const draw = documentBatches(tokenizer, recipe);
  const progress = startProgress(`pretrain ${path.basename(dir)}`, recipe.steps, adam.step);
  const losses: number[] = [];
  while (adam.step < recipe.steps) {
    const batch = draw(rng.fork(`step ${adam.step}`));
    const { loss, gradient } = await languageModelGradient(model, layout, weights, batch);
    if (!Number.isFinite(loss))
      throw new UserError({
        where: "pretrain",
        expected: "a finite loss",
        got: `${loss} at step ${adam.step + 1}`,
        fix: "Lower the recipe's learning rate. The last checkpoint is kept.",
      });
    const factor = clipFactor(await gradientNorm(gradient), 1);
    const lr = recipe.lr * warmupCosine(adam.step, recipe.steps, warmupSteps, lrFloor);
    const next = adamwUpdate(weights, gradient, adam, { ...optimizer, lr, factor });
    tf.dispose([gradient, weights]);
    ({ weights, state: adam } = next);
    losses.push(loss);
    progress.update(adam.step, `loss ${loss.toFixed(3)}`);
    if (adam.step % checkpointEvery === 0 || adam.step === recipe.steps) {
      writeTrainState(stateFile, key, {
        step: adam.step,
        weights: await weights.data<"float32">(),
        ...(await downloadMoments(adam)),
      });
    }
    await breathe();
  }
  progress.stop();
  const final = unflatten(weights, layout);
  writeCheckpoint(dir, config, await downloadParams(final), tokenizer.dir);
  tf.dispose([weights, adam.m, adam.v, ...Object.values(final)]);
  model.dispose();
  return sum(losses.slice(-50)) / Math.max(1, Math.min(50, losses.length));
}

function baseConfig(recipe: PretrainRecipe, tokenizer: Tokenizer): TransformerConfig {
  const { hiddenSize, layers, heads, kvHeads, intermediateSize } = recipe;
  return {
    architecture: "LlamaForCausalLM",
    hiddenSize,
    layers,
    heads,
    kvHeads,
    headDim: hiddenSize / heads,
    intermediateSize,
    vocabSize: tokenizer.vocabSize,
    rmsEps: 1e-5,
    ropeTheta: 10000,
    tied: true,
    qkvBias: false,
    oBias: false,
    mlpBias: false,
    maxPositions: 128,
    bosId: tokenizer.bosId,
    eosIds: [tokenizer.eosId],
    padId: tokenizer.padId,
  };
}

/** Normal(0, 0.02); projections into the residual stream smaller by sqrt(2 layers) (GPT-2); norms 1. */
function initialParams(config: TransformerConfig, rng: Rng): Params {
  return Object.fromEntries(
    [...weightShapes(config)].map(([name, shape]) => {
      if (name.endsWith("norm.weight")) return [name, tf.ones(shape)];
      const std = /(o_proj|down_proj)/.test(name) ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
      const stream = rng.fork(name);
      return [
        name,
        tf.tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => std * stream.normal()),
          shape,
        ),
      ];
    }),
  );
}

/** Draws a batch of documents: prompt masked, completion and end token counted. */
function documentBatches(tokenizer: Tokenizer, { batch, fixed }: PretrainRecipe): (rng: Rng) => WeightedSequence[] {
  const draw = pretrainingDocuments(loadAtlas(), fixed);
  return (rng) =>
    Array.from({ length: batch }, () => {
      const { prompt, completion } = draw(rng);
      const before = promptIds(tokenizer, prompt);
      const ids = Int32Array.from([...before, ...tokenizer.encode(completion).ids, tokenizer.eosId]);
      return { ids, weights: new Float32Array(ids.length).fill(1, before.length) };
    });
}

/** Mean -log p over the batch's completion tokens, and its gradient [P]. */
async function languageModelGradient(
  model: Transformer,
  layout: FlatLayout,
  weights: tf.Tensor1D,
  batch: readonly WeightedSequence[],
): Promise<{ loss: number; gradient: tf.Tensor1D }> {
  const tokens = batch.reduce((total, { weights: counted }) => total + sum(counted), 0);
  const { value, gradient } = valueAndGradient(weights, layout, (params) =>
    tf.mul(tf.sum(sequenceLogps(model, params, batch)), -1 / tokens),
  );
  const loss = (await value.data())[0]!;
  value.dispose();
  return { loss, gradient };
}

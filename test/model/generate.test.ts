/** Sampling: greedy against transformers, distribution by chi-square, independence of the batch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { readCheckpoint } from "../../lib/model/checkpoint";
import {
  drawRank,
  generate,
  greedySampling,
  type Generated,
  type GenerateRequest,
  type SamplingOptions,
} from "../../lib/model/generate";
import { Transformer } from "../../lib/model/transformer";
import { uploadParams, type Params } from "../../lib/model/params";
import type { TransformerConfig } from "../../lib/model/config";
import { onEveryBackend } from "../backends";
import { goldenPath, readGolden } from "../golden/golden";
import { goldenModels } from "./goldenModels";

interface Loaded {
  config: TransformerConfig;
  params: Params;
}
function load(name: string): Loaded {
  const { config, tensors } = readCheckpoint(goldenPath("models", name));
  return { config, params: uploadParams(tensors) };
}

async function run(
  { config, params }: Loaded,
  requests: GenerateRequest[],
  options: SamplingOptions,
  eosIds: number[] = [],
): Promise<Generated[][]> {
  const out: Generated[][] = [];
  for await (const { request, completions } of generate(config, params, requests, options, {
    eosIds,
    vocabSize: config.vocabSize,
  }))
    out[request] = completions;
  return out;
}

for (const name of goldenModels) {
  onEveryBackend(`${name}: greedy continuation is transformers' for 64 tokens`, async () => {
    const loaded = load(name);
    const { greedy } = readGolden<{ greedy: { prompt: number[]; newTokens: number[] }[] }>(
      "models",
      name,
      "vectors.json",
    );
    const before = tf.memory().numTensors;
    const out = await run(
      loaded,
      greedy.map(({ prompt }) => ({ promptIds: prompt, streams: [new Rng(0)] })),
      { ...greedySampling, maxNewTokens: 64 },
    );
    greedy.forEach(({ newTokens }, i) => assert.deepEqual(out[i]![0]!.ids, newTokens));
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
    tf.dispose(loaded.params);
  });
}

/** Upper 1e-4 quantile of chi-square (Wilson-Hilferty). */
const chiSquareLimit = (df: number) => df * (1 - 2 / (9 * df) + 3.72 * Math.sqrt(2 / (9 * df))) ** 3;

onEveryBackend(
  "top-k and temperature: 20,000 first tokens follow the model's distribution (chi-square)",
  async () => {
    const loaded = load("llama-tied-mha");
    const promptIds = [5, 9, 14],
      draws = 20_000,
      topK = 12,
      temperature = 1.5;
    const model = new Transformer(loaded.config);
    const logits = Array.from(model.logits(loaded.params, [promptIds]).dataSync()).slice(-loaded.config.vocabSize);
    const top = logits
      .map((v, i) => [v, i] as const)
      .sort((a, b) => b[0] - a[0])
      .slice(0, topK);
    const total = top.reduce((s, [v]) => s + Math.exp(v / temperature), 0);
    const out = await run(
      loaded,
      [{ promptIds, streams: Array.from({ length: draws }, (_, i) => new Rng("chi").fork(i)) }],
      { temperature, topK, topP: 1, maxNewTokens: 1 },
    );
    const counts = new Map<number, number>();
    for (const { ids } of out[0]!) counts.set(ids[0]!, (counts.get(ids[0]!) ?? 0) + 1);
    const chi = top.reduce((s, [v, id]) => {
      const e = (draws * Math.exp(v / temperature)) / total;
      return s + ((counts.get(id) ?? 0) - e) ** 2 / e;
    }, 0);
    assert.equal(
      [...counts.keys()].filter((id) => !top.some(([, t]) => t === id)).length,
      0,
      "a token outside the top k",
    );
    assert.ok(chi < chiSquareLimit(topK - 1), `chi-square ${chi}`);
    model.dispose();
  },
  ["native", "wasm"],
);

test("top-p keeps the smallest set that holds the mass, and renormalises over it", () => {
  const logits = Float32Array.from([0.5, 0.3, 0.15, 0.05].map(Math.log));
  const draw = (topP: number, u: number) => drawRank(logits, { temperature: 1, topK: 0, topP, maxNewTokens: 1 }, u);
  assert.deepEqual(
    [0, 0.49, 0.51, 0.79, 0.81, 0.94, 0.96, 0.9999].map((u) => draw(1, u)),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
  assert.deepEqual(
    [0, 0.62, 0.63, 0.9999].map((u) => draw(0.7, u)),
    [0, 0, 1, 1],
  ); // 0.5 / 0.8 = 0.625
  assert.deepEqual(
    [0, 0.9999].map((u) => draw(0.1, u)),
    [0, 0],
  );
});

onEveryBackend(
  "a completion does not depend on what it was batched with, and rows that end leave the others as they were",
  async () => {
    const loaded = load("llama-gqa-llama3");
    const prompt = (i: number) => Array.from({ length: 4 + (i % 3) }, (_, j) => 3 + ((i * 31 + j * 7) % 200));
    const requests = Array.from({ length: 12 }, (_, i): GenerateRequest => ({
      promptIds: prompt(i),
      streams: Array.from({ length: 5 }, (_, j) => new Rng("batch").fork(i).fork(j)),
    }));
    const options = { temperature: 1, topK: 40, topP: 0.95, maxNewTokens: 40 };
    const eos = Array.from({ length: 12 }, (_, i) => i * 20); // several ends, so that rows leave at different times
    const together = await run(loaded, requests, options, eos);
    assert.ok(
      together.flat().some(({ finished }) => finished) &&
        together.flat().some(({ finished, ids }) => !finished && ids.length === 40),
    );
    for (const i of [0, 4, 11])
      for (const j of [0, 3]) {
        const alone = await run(
          loaded,
          [{ promptIds: prompt(i), streams: [new Rng("batch").fork(i).fork(j)] }],
          options,
          eos,
        );
        assert.deepEqual(alone[0]![0], together[i]![j]);
      }
  },
);

onEveryBackend("the top k are the k largest, equal logits are taken by index, whatever their spread", async () => {
  const loaded = load("llama-tied-mha"),
    V = loaded.config.vocabSize;
  const promptIds = [5, 9, 14],
    draws = 600,
    rng = new Rng("top"),
    options = { temperature: 1, topP: 1, maxNewTokens: 1 };
  const model = new Transformer({ ...loaded.config, tied: false });
  // A head of 16 unit rows: every logit occurs at 20 ids, exactly, since it is one hidden value whatever the order of sums.
  const levels = rng.shuffle(Array.from({ length: V }, (_, id) => id % 16));
  for (const scale of [1e-3, 1, 1e6]) {
    const head = tf.tidy(() =>
      tf.mul(tf.oneHot(tf.tensor1d(levels, "int32"), loaded.config.hiddenSize).toFloat(), scale),
    );
    const params = { ...loaded.params, "lm_head.weight": head };
    const logits = Array.from(tf.tidy(() => model.logits(params, [promptIds]).dataSync())).slice(-V);
    const order = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
    assert.ok(
      new Set(logits).size === 16 && new Set(order.slice(0, 30).map((id) => logits[id])).size === 2,
      "equal logits, and a cut between equal ones, are what this is about",
    );
    for (const topK of [1, 7, 30]) {
      const out = await run(
        { config: model.config, params },
        [{ promptIds, streams: Array.from({ length: draws }, (_, i) => new Rng("top").fork(i)) }],
        { ...options, topK },
      );
      const kept = order.slice(0, topK),
        largest = logits[kept[0]!]!;
      const total = kept.reduce((sum, id) => sum + Math.exp(logits[id]! - largest), 0);
      // what each stream must have drawn: its uniform number, cut along the sorted logits
      const expected = Array.from({ length: draws }, (_, i) => {
        let left = new Rng("top").fork(i).fork("sample").next() * total;
        return kept.find((id) => (left -= Math.exp(logits[id]! - largest)) < 0)!;
      });
      assert.deepEqual(
        out[0]!.map(({ ids }) => ids[0]),
        expected,
        `scale ${scale}, top ${topK}`,
      );
      assert.ok(
        kept.every((id) => expected.includes(id) || logits[id]! < largest - 1),
        "every likely one of the top k should be drawn",
      );
    }
    head.dispose();
  }
  model.dispose();
  tf.dispose(loaded.params);
});

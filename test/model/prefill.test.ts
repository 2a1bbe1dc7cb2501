/** Prompts into the cache: common beginnings once, in pieces that memory has room for; as each prompt alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { disposeCache, emptyCache, type Cache } from "../../lib/model/cache";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { Decoder } from "../../lib/model/decode";
import { uploadParams } from "../../lib/model/params";
import { prefill } from "../../lib/model/prefill";
import { onEveryBackend, relativeError } from "../backends";
import { goldenPath } from "../golden/golden";
import { goldenModels } from "./goldenModels";

function load(name: string) {
  const { config, tensors } = readCheckpoint(goldenPath("models", name));
  const params = uploadParams(tensors);
  return { config, params, decoder: new Decoder(config, params) };
}

/** Two beginnings of many prompts of different lengths, one of too few to pay, and one prompt with none, mixed. */
function prompts(vocabSize: number): number[][] {
  const rng = new Rng("prefill");
  const draw = (length: number) => Array.from({ length }, () => rng.int(vocabSize));
  const [first, second, third] = [draw(70), draw(81), draw(66)];
  const many = Array.from({ length: 9 }, (_, i) => [
    [...first, ...draw(9 + (i % 3))],
    [...second, ...draw(1 + (i % 4))],
  ]);
  return [
    ...many.flat().slice(0, 7),
    draw(75),
    [...third, ...draw(5)],
    ...many.flat().slice(7),
    [...third, ...draw(7)],
  ];
}

const next = (id: number, rows: number) => tf.fill([rows, 1], id, "int32") as tf.Tensor2D;

for (const name of goldenModels) {
  onEveryBackend(`${name}: logits after prompts that begin alike are those of each alone`, () => {
    const { config, params, decoder } = load(name);
    const own = prompts(config.vocabSize);
    const alone = own.map((ids) => {
      let cache = emptyCache(config);
      return [ids, [7], [9]].map((some) => {
        const input = tf.tensor2d([some], undefined, "int32");
        const taken = decoder.step(input, cache);
        cache = taken.cache;
        const logits = taken.logits.dataSync();
        tf.dispose([input, taken.logits]);
        if (some[0] === 9) disposeCache(cache);
        return logits;
      });
    });
    const before = tf.memory().numTensors;
    for (const bytes of [1e9, 1]) {
      let taken: { logits: tf.Tensor2D; cache: Cache } = prefill(decoder, own, [...own.keys()], bytes);
      for (const step of [0, 1, 2]) {
        const rows = taken.logits.arraySync();
        rows.forEach((row, i) => {
          const error = relativeError(Float32Array.from(row), alone[i]![step]!);
          assert.ok(error < 1e-4, `prompt ${i}, step ${step}: ${error}`);
        });
        taken.logits.dispose();
        const input = next([7, 9, 11][step]!, own.length);
        taken = decoder.step(input, taken.cache);
        input.dispose();
      }
      taken.logits.dispose();
      disposeCache(taken.cache);
      assert.equal(tf.memory().numTensors, before, "tensors leaked");
    }
    decoder.dispose();
    tf.dispose(params);
  });
}

test("what prompts begin with is computed once, in however many pieces they are", () => {
  const { config, params, decoder } = load("llama-tied-mha");
  const own = prompts(config.vocabSize);
  const step = decoder.step.bind(decoder);
  let tokens = 0;
  decoder.step = (ids, cache, padding) => {
    tokens += ids.size;
    return step(ids, cache, padding);
  };
  const longest = Math.max(...own.map(({ length }) => length));
  for (const bytes of [1e9, 1]) {
    tokens = 0;
    const { logits, cache } = prefill(decoder, own, [...own.keys()], bytes);
    logits.dispose();
    disposeCache(cache);
    // nine prompts of each of two beginnings, and three that are computed as they are
    assert.equal(tokens, 70 + 9 * (longest - 70) + 81 + 9 * (longest - 81) + 3 * longest);
  }
  decoder.dispose();
  tf.dispose(params);
});

test("a step holds what one layer makes of its prompts, not all layers", async () => {
  const { config, params } = load("llama-tied-mha");
  const peak = async (layers: number) => {
    const decoder = new Decoder({ ...config, layers }, params);
    const ids = tf.zeros([4, 120], "int32") as tf.Tensor2D;
    const { peakBytes } = await tf.profile(() => {
      const { logits, cache } = decoder.step(ids, emptyCache(decoder.config));
      logits.dispose();
      disposeCache(cache);
      return [];
    });
    ids.dispose();
    decoder.dispose();
    return peakBytes;
  };
  const [one, all] = [await peak(1), await peak(config.layers)];
  const cacheOfLayer = 4 * 2 * 4 * 120 * config.kvHeads * config.headDim;
  assert.ok(all < one + 1.5 * (config.layers - 1) * cacheOfLayer, `${config.layers} layers: ${all}, one: ${one}`);
  tf.dispose(params);
});

/**
 * What saves memory changes no number: gradient checkpointing, frozen weights kept in the 16 bits they are stored in,
 * decoding with weights in place.
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../../lib/align/flat";
import { completionLogps, microbatchGradient } from "../../lib/align/microbatch";
import type { PairIds } from "../../lib/align/pairIds";
import { Rng } from "../../lib/base/rng";
import { isHalf } from "../../lib/engine/half";
import { Decoder } from "../../lib/model/decode";
import { disposeCache, emptyCache } from "../../lib/model/cache";
import { uploadParams, type Params } from "../../lib/model/params";
import { adapted, initialAdapter, loraScale, type LoraConfig } from "../../lib/model/adapter/lora";
import { loadPolicy, type Policy } from "../../lib/model/policy";
import { onEveryBackend, relativeError } from "../backends";
import { goldenPath } from "../golden/golden";
import { chooseObjective } from "../../lib/align/objective/registry";
import { loraTargets } from "../../lib/model/weights";
import { goldenModels, publishedShapes } from "./goldenModels";

/** Of the first and the last projection, and of all. */
function adapters({ model: { config } }: Policy): LoraConfig[] {
  const all = loraTargets(config);
  return [
    { rank: 4, alpha: 8, targets: [all[0]!, all.at(-1)!], rslora: false },
    { rank: 2, alpha: 3, targets: all, rslora: true },
  ];
}
const zeros = { chosen: new Float32Array(3), rejected: new Float32Array(3) };

function samplePairs(vocabulary: number): PairIds[] {
  const rng = new Rng("memory");
  const draw = (length: number) => Array.from({ length }, () => rng.int(vocabulary));
  return zeros.chosen.reduce<PairIds[]>((pairs) => {
    const prompt = draw(4);
    const side = () => {
      const ids = Int32Array.from([...prompt, ...draw(3 + rng.int(6))]);
      return {
        ids,
        promptLength: prompt.length,
        weights: Float32Array.from(ids, (_, t) => (t >= prompt.length && rng.next() < 0.7 ? 1 : 0)),
      };
    };
    return [...pairs, { chosen: side(), rejected: side() }];
  }, []);
}

/** Log-probabilities, losses and gradient of all weights, or of an adapter whose B is not zero. */
async function computed({ model, params }: Policy, lora?: LoraConfig): Promise<Float32Array[]> {
  const rng = new Rng("adapter");
  const pairs = samplePairs(model.config.vocabSize);
  const adapter = lora && initialAdapter(model.config, lora, rng);
  for (const { data } of adapter?.tensors.values() ?? [])
    data.forEach((x, i) => {
      data[i] = x + 0.05 * rng.normal();
    });
  const trained = adapter ? uploadParams(adapter.tensors) : params;
  const layout = flatLayout(trained);
  const weights = flatten(Object.values(trained));
  const complete = lora && ((own: Params) => adapted(params, own, loraScale(lora)));
  const logps = await completionLogps(model, layout, weights, pairs, complete);
  const { gradient, log } = await microbatchGradient(
    model,
    layout,
    weights,
    pairs,
    { objective: chooseObjective("dpo"), reference: zeros, scale: 1 / 3 },
    complete,
  );
  const out = [...logps, log.losses, (await gradient.data<"float32">()).slice()];
  tf.dispose([gradient, weights, ...(lora ? Object.values(trained) : [])]);
  return out;
}

for (const name of goldenModels) {
  onEveryBackend(
    `${name}: with gradient checkpointing the same numbers, bit for bit, and nothing left over`,
    async () => {
      const load = (gradientCheckpointing: boolean) =>
        loadPolicy(goldenPath("models", name), { gradientCheckpointing });
      const before = tf.memory().numTensors;
      const plain = load(false);
      const saving = load(true);
      for (const lora of [undefined, ...adapters(plain)])
        assert.deepEqual(await computed(saving, lora), await computed(plain, lora));
      plain.dispose();
      saving.dispose();
      assert.equal(tf.memory().numTensors, before);
    },
  );
}

for (const name of publishedShapes) {
  onEveryBackend(`${name}: frozen weights in their own 16 bits give the same numbers, bit for bit`, async () => {
    for (const gradientCheckpointing of [false, true]) {
      const before = tf.memory().numTensors;
      const plain = loadPolicy(goldenPath("models", name));
      const saving = loadPolicy(goldenPath("models", name), { frozen: true, gradientCheckpointing });
      assert.ok(Object.values(saving.params).every((tensor) => isHalf(tensor) === (tensor.rank === 2)));
      for (const lora of adapters(plain)) assert.deepEqual(await computed(saving, lora), await computed(plain, lora));
      plain.dispose();
      saving.dispose();
      assert.equal(tf.memory().numTensors, before);
    }
  });
}

for (const name of goldenModels) {
  onEveryBackend(
    `${name}: decoding with weights in place, in 16 bits too, gives the logits of weights that were arranged`,
    () => {
      for (const frozen of [false, true]) {
        const before = tf.memory().numTensors;
        const {
          model: { config },
          params,
          dispose,
        } = loadPolicy(goldenPath("models", name), { frozen });
        const whole = loadPolicy(goldenPath("models", name));
        const loaded = tf.memory().numTensors;
        const vocabulary = config.vocabSize - 3;
        const rng = new Rng("decode");
        const draw = (rows: number, length: number) =>
          tf.tensor2d(
            Int32Array.from({ length: rows * length }, () => rng.int(vocabulary)),
            [rows, length],
            "int32",
          );
        const inPlace = new Decoder(config, params, vocabulary, frozen ? undefined : true);
        const arranged = new Decoder(config, whole.params, vocabulary, false);
        let caches = [emptyCache(config), emptyCache(config)];
        for (let step = 0; step < 20; step++) {
          // past and recent parts of the cache
          const ids = draw(2, step === 0 ? 5 : 1);
          const taken = [inPlace, arranged].map((decoder, i) => decoder.step(ids, caches[i]!));
          const [a, b] = taken.map(({ logits }) => logits.dataSync());
          assert.equal(a!.length, 2 * vocabulary);
          assert.ok(relativeError(a!, b!) < 1e-5, `step ${step}: ${relativeError(a!, b!)}`);
          caches = taken.map(({ cache }) => cache);
          tf.dispose([ids, ...taken.map(({ logits }) => logits)]);
        }
        caches.forEach(disposeCache);
        inPlace.dispose();
        arranged.dispose();
        assert.equal(tf.memory().numTensors, loaded, "what it was given is still there, and nothing else");
        dispose();
        whole.dispose();
        assert.equal(tf.memory().numTensors, before);
      }
    },
  );
}

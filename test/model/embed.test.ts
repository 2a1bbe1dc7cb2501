/** Hidden states and topic vectors against transformers' `output_hidden_states` (test/golden/embeddings.json). */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { hiddenStates, nameTokens, topicEmbeddings, type Mention } from "../../lib/model/embed";
import { loadPolicy } from "../../lib/model/policy";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { onEveryBackend, relativeError } from "../backends";
import { userError } from "../golden/fixtures";
import { f32, goldenPath, readGolden, type GoldenTensor } from "../golden/golden";
import { goldenModels } from "./goldenModels";

interface Golden {
  ids: number[][];
  /** per sequence [layers + 1, T, D] */
  states: GoldenTensor[];
  nameTokens: Record<string, [number[], number][]>;
  /** [layers + 1, topics, D] */
  vectors: GoldenTensor;
}
const golden = readGolden<Record<string, Golden>>("embeddings.json");
const { topics, wordings } = golden as unknown as { topics: Record<string, string>; wordings: string[] };
const mentions = Object.entries(topics).flatMap(([topic, name]) => wordings.map((wording): Mention => ({ topic, name, prompt: [{ role: "user", content: wording.replaceAll("{x}", name) }] })));

for (const name of goldenModels) {
  onEveryBackend(`${name}: hidden states of every layer and vectors of topics within 1e-5 of transformers`, async () => {
    const policy = loadPolicy(goldenPath("models", name)), { model, params } = policy, { layers, hiddenSize: D } = model.config;
    const { ids, states, vectors } = golden[name]!;
    await hiddenStates(model, params, ids, layers); // makes the tables of these lengths, which stay
    await topicEmbeddings(policy, mentions, [layers]);
    const before = tf.memory().numTensors;
    for (let layer = 0; layer <= layers; layer++) {
      const got = await hiddenStates(model, params, ids, layer);
      got.forEach((values, row) => {
        const size = ids[row]!.length * D;
        assert.ok(relativeError(values, f32(states[row]!).subarray(layer * size, (layer + 1) * size)) < 1e-5, `layer ${layer}, row ${row}`);
      });
    }
    const means = await topicEmbeddings(policy, mentions, [layers, 0, 1]), size = (mentions.length / wordings.length) * D;
    [layers, 0, 1].forEach((layer, l) => {
      assert.deepEqual([...means[l]!.keys()], Object.keys(topics));
      assert.ok(relativeError([...means[l]!.values()].flatMap((v) => Array.from(v)), f32(vectors).subarray(layer * size, (layer + 1) * size)) < 1e-5, `layer ${layer}, topics`);
    });
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
    for (const layer of [-1, layers + 1, 0.5]) await assert.rejects(hiddenStates(model, params, ids, layer), /a layer from 0 to/);
    policy.dispose();
  });

  test(`${name}: the tokens of a name are those of transformers' offsets, up to the last occurrence's end`, () => {
    const tokenizer = loadTokenizer(goldenPath("models", name));
    const expected = Object.values(golden[name]!.nameTokens).flat();
    assert.deepEqual(mentions.map((mention) => nameTokens(tokenizer, mention)), expected.map(([ids, first]) => ({ ids, first })));
    assert.throws(() => nameTokens(tokenizer, { name: "Oslo", prompt: mentions[0]!.prompt }), userError(/expected the name "Oslo" in it/));
  });
}

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
import { variedModels } from "./goldenModels";

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
const mentions = Object.entries(topics).flatMap(([topic, name]) =>
  wordings.map((wording): Mention => ({
    topic,
    name,
    prompt: [{ role: "user", content: wording.replaceAll("{x}", name) }],
  })),
);

for (const name of variedModels) {
  onEveryBackend(
    `${name}: hidden states of every layer and vectors of topics within 1e-5 of transformers`,
    async () => {
      const policy = loadPolicy(goldenPath("models", name));
      const { model, params } = policy;
      const { layers } = model.config;
      const { ids, states, vectors } = golden[name]!;
      await hiddenStates(model, params, ids); // makes the tables of these lengths, which stay
      await topicEmbeddings(policy, mentions);
      const before = tf.memory().numTensors;
      const got = await hiddenStates(model, params, ids);
      const byLayer = await topicEmbeddings(policy, mentions);
      assert.deepEqual([byLayer.length, got[0]!.length], [layers + 1, layers + 1]);
      const within = (actual: ArrayLike<number>, expected: GoldenTensor, layer: number, what: string) => {
        const all = f32(expected);
        const size = all.length / (layers + 1);
        assert.ok(
          relativeError(actual, all.subarray(layer * size, (layer + 1) * size)) < 1e-5,
          `layer ${layer}, ${what}`,
        );
      };
      for (let layer = 0; layer <= layers; layer++) {
        ids.forEach((_, row) => within(got[row]![layer]!, states[row]!, layer, `row ${row}`));
        assert.deepEqual([...byLayer[layer]!.keys()], Object.keys(topics));
        within(
          [...byLayer[layer]!.values()].flatMap((vector) => Array.from(vector)),
          vectors,
          layer,
          "topics",
        );
      }
      assert.equal(tf.memory().numTensors, before, "tensors leaked");
      policy.dispose();
    },
  );

  test(`${name}: the tokens of a name are those of transformers' offsets, up to the last occurrence's end`, () => {
    const tokenizer = loadTokenizer(goldenPath("models", name));
    const expected = Object.values(golden[name]!.nameTokens).flat();
    assert.deepEqual(
      mentions.map((mention) => nameTokens(tokenizer, mention)),
      expected.map(([ids, first]) => ({ ids, first })),
    );
    assert.throws(
      () => nameTokens(tokenizer, { name: "Oslo", prompt: mentions[0]!.prompt }),
      userError(/expected the name "Oslo" in it/),
    );
  });
}

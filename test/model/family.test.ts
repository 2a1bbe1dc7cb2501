/** Families: each is shown to compute what transformers does, and adapters take its own names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransformerConfig } from "../../lib/model/config";
import { families, familyOf } from "../../lib/model/family/registry";
import { readCheckpointConfig } from "../../lib/model/checkpoint";
import { adapterShapes, inModelOrder } from "../../lib/model/lora";
import { loraTargets, weightShapes } from "../../lib/model/weights";
import { userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { goldenModels, loraTargets as ofLlama } from "./goldenModels";

const configs = goldenModels.map((name) => readCheckpointConfig(goldenPath("models", name)));

test("every family has checkpoints that transformers wrote, and is found by its class and no other", () => {
  for (const family of families) {
    const own = configs.filter(({ architecture }) => architecture === family.architecture);
    assert.ok(own.length > 0, `no golden checkpoint of ${family.architecture}`);
    for (const config of own) assert.equal(familyOf(config), family);
  }
  const classes = families.flatMap(({ architecture, modelType }) => [architecture, modelType]);
  assert.equal(new Set(classes).size, classes.length);
  assert.throws(
    () => familyOf({ architecture: "GPT2LMHeadModel" }),
    /among LlamaForCausalLM, .*, got "GPT2LMHeadModel"/,
  );
});

test("a tied head is the embedding, another one a weight of its own; biases are where the shape says", () => {
  const names = (config: TransformerConfig) => [...weightShapes(config).keys()];
  for (const config of configs) {
    assert.equal(names({ ...config, tied: true }).includes("lm_head.weight"), false);
    assert.deepEqual(names({ ...config, tied: false }), [...names({ ...config, tied: true }), "lm_head.weight"]);
    const biased = names({ ...config, qkvBias: true, oBias: false, mlpBias: false }).filter((n) => n.endsWith(".bias"));
    assert.deepEqual(
      biased.slice(0, 3),
      ["q", "k", "v"].map((part) => `model.layers.0.self_attn.${part}_proj.bias`),
    );
    assert.equal(biased.length, 3 * config.layers);
  }
});

test("adapters take the projections of the family, in its order, and name them where others are asked for", () => {
  for (const config of configs) {
    assert.deepEqual(loraTargets(config), ofLlama);
    assert.deepEqual(inModelOrder(config, ["down_proj", "q_proj", "down_proj"]), ["q_proj", "down_proj"]);
    const refusal = userError(
      /^--lora-targets: expected names among q_proj, .*, down_proj, .* got "wqkv"\. .*ForCausalLM/,
    );
    assert.throws(() => inModelOrder(config, ["q_proj", "wqkv"]), refusal);
    assert.throws(() => adapterShapes(config, { rank: 2, targets: ["wqkv"] }), refusal);
  }
});

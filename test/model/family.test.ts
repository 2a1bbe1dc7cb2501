/** Families: each is shown to compute what transformers does, and adapters take its own names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransformerConfig } from "../../lib/model/config";
import { families, familyOf } from "../../lib/model/family/registry";
import { readCheckpointConfig } from "../../lib/model/checkpoint";
import { adapterShapes, inModelOrder } from "../../lib/model/adapter/lora";
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
    const { head, layer } = familyOf(config).names;
    assert.equal(names({ ...config, tied: true }).includes(`${head}.weight`), false);
    assert.deepEqual(names({ ...config, tied: false }), [...names({ ...config, tied: true }), `${head}.weight`]);
    const biased = names({ ...config, qkvBias: true, oBias: false, mlpBias: false }).filter((n) => n.endsWith(".bias"));
    const modules = [...new Set([layer.query, layer.key, layer.value])]; // one, where they share a tensor
    assert.deepEqual(
      biased.slice(0, modules.length),
      modules.map((module) => `model.layers.0.${module}.bias`),
    );
    assert.equal(biased.length, modules.length * config.layers);
  }
});

test("adapters take the projections of the family, in its order, and name them where others are asked for", () => {
  const ofOthers: Record<string, string[]> = {
    Phi3ForCausalLM: ["o_proj", "qkv_proj", "gate_up_proj", "down_proj"],
    InternLM2ForCausalLM: ["wqkv", "wo", "w1", "w3", "w2"],
  };
  for (const config of configs) {
    const own = ofOthers[config.architecture] ?? ofLlama;
    assert.deepEqual(loraTargets(config), own);
    const [first, last] = [own[0]!, own.at(-1)!];
    assert.deepEqual(inModelOrder(config, [last, first, last]), [first, last]);
    const refusal = userError(
      new RegExp(`^--lora-targets: expected names among ${first}, .*, ${last}, .* got "c_attn"\\. .*ForCausalLM`),
    );
    assert.throws(() => inModelOrder(config, [first, "c_attn"]), refusal);
    assert.throws(() => adapterShapes(config, { rank: 2, targets: ["c_attn"] }), refusal);
  }
});

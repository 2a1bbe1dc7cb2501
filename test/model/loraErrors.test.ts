/** Adapters that are refused. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { readAdapter } from "../../lib/model/adapter/peft";
import { readSafetensors, writeSafetensors } from "../../lib/model/safetensors/safetensors";
import { editJson, scratchCopy, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

describe("an adapter is refused", () => {
  const { config } = readCheckpoint(goldenPath("models", "qwen2-gqa-tied"));
  const refused = (name: string, spoil: (dir: string) => void, message: RegExp) => {
    test(name, (t: TestContext) => {
      const dir = scratchCopy(t, "lora", "qwen2-gqa-tied");
      spoil(dir);
      assert.throws(() => readAdapter(dir, config), userError(message));
    });
  };
  const option = (key: string, value: unknown) => (dir: string) =>
    editJson(path.join(dir, "adapter_config.json"), (row) => {
      row[key] = value;
    });
  const weights =
    (change: (tensors: Map<string, { shape: number[]; data: Float32Array }>) => void) => (dir: string) => {
      const file = path.join(dir, "adapter_model.safetensors");
      const reader = readSafetensors(file);
      const tensors = new Map(reader.names.map((name) => [name, reader.get(name)]));
      change(tensors);
      writeSafetensors(file, tensors);
    };
  const first = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
  refused(
    "that is none",
    (dir) => rmSync(path.join(dir, "adapter_config.json")),
    /expected the folder of an adapter, with adapter_config\.json, got something else/,
  );
  refused("of another kind", option("peft_type", "IA3"), /"peft_type"/);
  refused("with DoRA", option("use_dora", true), /an adapter without use_dora, got true/);
  refused("with biases", option("bias", "all"), /without bias, got "all"/);
  refused("with ranks of their own", option("rank_pattern", { q_proj: 2 }), /without rank_pattern/);
  refused(
    "with whole modules saved",
    option("modules_to_save", ["lm_head"]),
    /without modules_to_save, got \["lm_head"\]/,
  );
  refused("in some layers only", option("layers_to_transform", [0]), /without layers_to_transform/);
  refused("with an option of tomorrow", option("use_magic", 3), /without use_magic, got 3/);
  refused(
    "whose start changed the base",
    option("init_lora_weights", "pissa"),
    /leaves the base as it is \(init_lora_weights\), got "pissa"/,
  );
  refused(
    "of other modules",
    option("target_modules", ["q_proj", "embed_tokens"]),
    /target_modules among q_proj, .*, got "embed_tokens"/,
  );
  refused(
    "whose pattern names more than its tensors",
    option("target_modules", ".*_proj"),
    /expected a tensor "base_model.+k_proj\.lora_A\.weight", got none, though "target_modules" names its module/,
  );
  refused(
    "whose pattern names nothing",
    option("target_modules", "c_attn"),
    /target_modules among q_proj, .*, got "c_attn"/,
  );
  refused(
    "whose pattern is none",
    option("target_modules", "(q_proj"),
    /target_modules that are understood here, got .+Merge/,
  );
  refused(
    "whose pattern never ends",
    option("target_modules", "((([a-z_.0-9])+)+)+!"),
    /understood here, got "a pattern that takes too long"/,
  );
  refused("whose modules are a number", option("target_modules", 3), /expected a pattern or a list of names/);
  refused("with another rank than its tensors", option("r", 5), /lora_A\.weight of shape \[5, 32\], got \[3, 32\]/);
  refused(
    "that lacks a tensor",
    weights((tensors) => tensors.delete(first)),
    /expected a tensor "base_model\.model\.model\.layers\.0\.self_attn\.q_proj\.lora_A\.weight"/,
  );
  refused(
    "with a tensor too many",
    weights((tensors) => tensors.set("base_model.model.lm_head.weight", { shape: [1], data: new Float32Array(1) })),
    /no tensors but lora_A and lora_B .*, got "base_model\.model\.lm_head\.weight"/,
  );
  refused(
    "with a NaN",
    weights((tensors) => {
      tensors.get(first)!.data[3] = NaN;
    }),
    /got NaN at element 3/,
  );
});

test("an adapter where a checkpoint is asked for: the message says to merge it", () => {
  assert.throws(
    () => readCheckpoint(goldenPath("lora", "qwen2-gqa-tied")),
    userError(/got an adapter\. Merge it first: mask-dpo merge/),
  );
});

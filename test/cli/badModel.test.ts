/** Models that are refused, before anything is written. */
import assert from "node:assert/strict";
import { cpSync, existsSync, truncateSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readSafetensors, writeSafetensors } from "../../lib/model/safetensors/safetensors";
import { editJson } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { tinyModel } from "./data";
import { refuse } from "./here";
import { env, bench } from "./refusal";

const models: [what: string, spoilModel: (dir: string) => void, message: RegExp][] = [
  [
    "NaN weights",
    (dir) => {
      const file = path.join(dir, "model.safetensors");
      const reader = readSafetensors(file);
      const tensors = new Map(reader.names.map((name) => [name, reader.get(name)]));
      tensors.get("model.layers.1.mlp.up_proj.weight")!.data[7] = NaN;
      writeSafetensors(file, tensors);
    },
    /model: expected finite numbers in weight model\.layers\.1\.mlp\.up_proj\.weight, got NaN at element 7/,
  ],
  [
    "a truncated safetensors file",
    (dir) => truncateSync(path.join(dir, "model.safetensors"), 20_000),
    /model\.safetensors: expected \d+ bytes, as the header says, got 20000 \(the file is truncated\)/,
  ],
  [
    "another architecture",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c["architectures"] = ["GPT2LMHeadModel"];
        c["model_type"] = "gpt2";
      }),
    /config\.json: expected .*LlamaForCausalLM.*, got .*GPT2LMHeadModel/,
  ],
  [
    "a tokenizer with more ids than the model",
    (dir) => {
      for (const name of ["tokenizer.json", "tokenizer_config.json"])
        cpSync(goldenPath("models", "llama-gqa-llama3", name), path.join(dir, name));
      editJson(path.join(dir, "config.json"), (c) => {
        c["vocab_size"] = 300;
      });
    },
    /model: expected a tokenizer with at most 300 ids .+, got ids up to \d+/,
  ],
  [
    "no weights",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c["num_hidden_layers"] = 3;
      }),
    /model: expected weight model\.layers\.2\.self_attn\.q_proj\.weight .+, got no such tensor/,
  ],
];
test("models: NaN, truncated, another architecture, a tokenizer that does not fit", async (t) => {
  const { dir, pairs, out, unchanged } = bench(t);
  for (const [what, spoilModel, message] of models) {
    const model = path.join(dir, "model");
    cpSync(tinyModel, model, { recursive: true });
    spoilModel(model);
    await t.test(what, () =>
      refuse(["train", "--model", model, "--pairs", pairs, "--out", path.join(dir, "policy")], message, env),
    );
  }
  await t.test("a missing folder", () =>
    refuse(
      ["logps", "--model", path.join(dir, "none"), "--pairs", pairs, "--out", out],
      /none: expected a checkpoint folder, got nothing there/,
      env,
    ),
  );
  assert.ok(
    !existsSync(path.join(dir, "policy")) && !existsSync(path.join(dir, "policy.run")),
    "a refused training leaves nothing",
  );
  unchanged();
});

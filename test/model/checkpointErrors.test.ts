/** Checkpoints that are refused. */
import assert from "node:assert/strict";
import { rmSync, truncateSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { type HostTensor, writeSafetensors } from "../../lib/model/safetensors/safetensors";
import { editJson, scratchCopy, userError } from "../golden/fixtures";
import { load } from "./loadTensors";

describe("a checkpoint is refused", () => {
  const refused = (name: string, spoil: (dir: string) => void, message: RegExp, golden = "llama-tied-mha") => {
    test(name, (t) => {
      const dir = scratchCopy(t, "models", golden);
      spoil(dir);
      assert.throws(() => readCheckpoint(dir), userError(message));
    });
  };
  const weights = (change: (map: Map<string, HostTensor>) => void) => (dir: string) => {
    const map = load(dir);
    change(map);
    writeSafetensors(path.join(dir, "model.safetensors"), map);
  };
  const poison = (value: number) =>
    weights((map) => {
      map.get("model.layers.1.mlp.up_proj.weight")!.data[77] = value;
    });

  refused(
    "that is not there",
    (dir) => rmSync(dir, { recursive: true }),
    /expected a checkpoint folder, got nothing there/,
  );
  refused(
    "without a config",
    (dir) => rmSync(path.join(dir, "config.json")),
    /config\.json: expected a readable file, got ENOENT/,
  );
  refused(
    "of another architecture",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c.architectures = ["MambaForCausalLM"];
      }),
    /got "MambaForCausalLM"/,
  );
  refused(
    "whose weights were cut short",
    (dir) => truncateSync(path.join(dir, "model.safetensors"), 99_999),
    /model\.safetensors: .*the file is truncated/,
  );
  refused(
    "with a NaN",
    poison(NaN),
    /expected finite numbers in weight model\.layers\.1\.mlp\.up_proj\.weight, got NaN at element 77/,
  );
  refused("with an infinity", poison(-Infinity), /got -Infinity at element 77/);
  refused(
    "that lacks a weight",
    weights((map) => map.delete("model.norm.weight")),
    /expected weight model\.norm\.weight \[32\], got no such tensor/,
  );
  refused(
    "that lacks its output head",
    weights((map) => map.delete("lm_head.weight")),
    /expected weight lm_head\.weight \[340, 48\]/,
    "llama-gqa-llama3",
  );
  refused(
    "that lacks a bias",
    weights((map) => map.delete("model.layers.0.self_attn.k_proj.bias")),
    /k_proj\.bias \[16\], got no such tensor/,
    "qwen2-gqa-tied",
  );
  refused(
    "with a weight of another shape",
    weights((map) => map.set("model.norm.weight", { shape: [4, 8], data: new Float32Array(32) })),
    /model\.norm\.weight of shape \[32\], got \[4, 8\]/,
  );
  refused(
    "with more layers in the config than weights",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c.num_hidden_layers = 3;
      }),
    /model\.layers\.2\.self_attn\.q_proj\.weight \[32, 32\], got no such tensor/,
  );
  refused(
    "whose tokenizer has more ids than the model",
    (dir) =>
      editJson(path.join(dir, "config.json"), (c) => {
        c.vocab_size = 300;
      }),
    /at most 300 ids .*, got ids up to 319/,
  );
  refused(
    "without a tokenizer",
    (dir) => rmSync(path.join(dir, "tokenizer.json")),
    /tokenizer\.json: expected a readable file/,
  );
});

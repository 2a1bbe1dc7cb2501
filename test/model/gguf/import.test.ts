/** `mask-dpo import-model`: golden models come back out of GGUF files that the gguf package wrote of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readCheckpoint } from "../../../lib/model/checkpoint";
import { readSafetensors } from "../../../lib/model/safetensors/safetensors";
import { scratch } from "../../golden/fixtures";
import { goldenPath } from "../../golden/golden";
import { succeed } from "../../cli/here";
import { craftFile } from "./craft";

/** How far a number may lie from the golden one, for what its GGUF file holds. */
const exact = () => 0;
const half = (x: number) => Math.abs(x) * 2 ** -11 + 2 ** -25;
const models = [
  { name: "tinyllama-1.1b", dtype: "BF16", torch: "bfloat16", within: exact },
  { name: "llama-gqa-llama3", dtype: "F16", torch: "float16", within: half },
  { name: "qwen2-gqa-tied", dtype: "F32", torch: "float32", within: exact },
];

for (const { name, dtype, torch, within } of models) {
  test(`${name} in ${dtype}: config, weights in their rows and types`, async (t) => {
    const out = path.join(scratch(t), "model");
    const file = goldenPath("gguf", `${name}.gguf`);
    const said = await succeed(["import-model", file, "--out", out]);
    assert.match(said, new RegExp(`${dtype}`));
    const golden = readCheckpoint(goldenPath("models", name));
    const { config, tensors, extra } = readCheckpoint(out);
    assert.deepEqual([config, extra], [{ ...golden.config, padId: config.padId }, []]);
    assert.deepEqual([...tensors.keys()], [...golden.tensors.keys()]);
    for (const [key, { shape, data }] of tensors) {
      const expected = golden.tensors.get(key)!;
      assert.deepEqual(shape, expected.shape, key);
      const wrong = data.findIndex((x, i) => !(Math.abs(x - expected.data[i]!) <= within(expected.data[i]!)));
      assert.equal(wrong, -1, `${key}[${wrong}] is ${data[wrong]}, was ${expected.data[wrong]}`);
    }
    const stored = readSafetensors(out);
    const matrix = "model.layers.0.self_attn.q_proj.weight";
    assert.equal(stored.half(matrix), dtype === "F32" ? undefined : dtype);
    assert.equal(stored.half("model.norm.weight"), undefined);
    const written = JSON.parse(readFileSync(path.join(out, "config.json"), "utf8")) as { torch_dtype: string };
    assert.equal(written.torch_dtype, torch);
  });
}

test("biases turn with their rows; linear scaling, old and new; all ends of a turn", async (t) => {
  const rows = (n: number) => Buffer.from(Float32Array.from({ length: n }, (_, i) => i).buffer);
  const import_ = async (scaling: Record<string, unknown>) => {
    const file = craftFile(t, ({ metadata, tensors }) => {
      Object.assign(metadata, scaling, { "tokenizer.ggml.eot_token_id": 2, "tokenizer.ggml.eom_token_id": 3 });
      for (const [part, n] of Object.entries({ attn_q: 8, attn_k: 4, attn_v: 4, attn_output: 8 }))
        tensors[`blk.0.${part}.bias`] = { shape: [n], data: rows(n) };
      tensors["output.weight"] = { shape: [4, 8] };
    });
    const out = path.join(scratch(t), "model");
    await succeed(["import-model", file, "--out", out]);
    return readCheckpoint(out);
  };
  const { config, tensors } = await import_({ "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 2.5 });
  const bias = (part: string) => [...tensors.get(`model.layers.0.self_attn.${part}_proj.bias`)!.data];
  assert.deepEqual(bias("q"), [0, 2, 1, 3, 4, 6, 5, 7]);
  assert.deepEqual(bias("k"), [0, 2, 1, 3]);
  assert.deepEqual(bias("v"), [0, 1, 2, 3]);
  assert.deepEqual(bias("o"), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual([config.tied, config.ropeScaling, config.eosIds], [false, { type: "linear", factor: 2.5 }, [3, 2]]);
  assert.deepEqual([config.rmsEps, config.ropeTheta, config.headDim], [1e-5, 10000, 4]);
  const old = await import_({ "llama.rope.scale_linear": 4 });
  assert.deepEqual(old.config.ropeScaling, { type: "linear", factor: 4 });
});

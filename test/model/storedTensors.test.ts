/** Files that hold other tensors than config.json says: used as in transformers (golden/stored.json), and named. */
import assert from "node:assert/strict";
import path from "node:path";
import { test, type TestContext } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { switchEngine } from "../../lib/engine/backend";
import { readCheckpoint, readCheckpointConfig, writeCheckpoint } from "../../lib/model/checkpoint";
import { uploadParams } from "../../lib/model/params";
import { writeSafetensors, type HostTensor } from "../../lib/model/safetensors/safetensors";
import { Transformer } from "../../lib/model/transformer";
import { heard, scratch, scratchCopy, userError } from "../golden/fixtures";
import { f32, readGolden, type GoldenTensor } from "../golden/golden";
import { load } from "./loadTensors";

const embedding = "model.embed_tokens.weight";
const head = "lm_head.weight";
type Tensors = Map<string, HostTensor>;
type Case = "ownHead" | "onlyHead";

const changes: Record<Case, (tensors: Tensors) => void> = {
  ownHead(tensors) {
    const { shape, data } = tensors.get(embedding)!;
    const [rows, width] = shape as [number, number];
    const reversed = Float32Array.from(data, (_, i) => data[(rows - 1 - Math.floor(i / width)) * width + (i % width)]!);
    tensors.set(head, { shape, data: reversed });
  },
  onlyHead(tensors) {
    tensors.set(head, tensors.get(embedding)!);
    tensors.delete(embedding);
  },
};

/** A copy of a golden checkpoint with other tensors. */
function changed(t: TestContext, name: string, change: (tensors: Tensors) => void): string {
  const dir = scratchCopy(t, "models", name);
  const tensors = load(dir);
  change(tensors);
  writeSafetensors(path.join(dir, "model.safetensors"), tensors);
  return dir;
}

const golden = readGolden<{ ids: number[][] } & Record<string, Record<Case, GoldenTensor>>>("stored.json");

for (const name of ["llama-tied-mha", "qwen2-gqa-tied"])
  for (const which of ["ownHead", "onlyHead"] as const)
    test(`${name}, ${which}: logits as transformers computes them, also after writing`, async (t) => {
      await switchEngine("wasm");
      const said = heard(t);
      const dir = changed(t, name, changes[which]);
      const checkpoint = readCheckpoint(dir);
      const copy = path.join(scratch(t), "copy");
      writeCheckpoint(copy, checkpoint.config, checkpoint.tensors, dir);
      const expected = f32(golden[name]![which]);
      for (const { config, tensors } of [checkpoint, readCheckpoint(copy)]) {
        assert.equal(config.tied, which === "onlyHead");
        assert.equal(readCheckpointConfig(dir).tied, config.tied, "also where no weight is read");
        const model = new Transformer(config);
        const params = uploadParams(tensors);
        const logits = tf.tidy(() => model.logits(params, golden.ids).dataSync()).slice(-config.vocabSize);
        expected.forEach((value, i) => assert.ok(Math.abs(value - logits[i]!) < 1e-4, `id ${i}`));
        model.dispose();
        tf.dispose(params);
      }
      const notes = said().match(/.+lm_head\.weight is not the embedding that config\.json ties it to.+\n/g) ?? [];
      assert.equal(notes.length, which === "ownHead" ? 1 : 0, "said once, in all these readings");
    });

test("an equal head and old buffers: nothing is said; other tensors are named once", (t) => {
  const said = heard(t);
  const one = { shape: [1], data: new Float32Array(1) };
  const harmless = changed(t, "llama-tied-mha", (tensors) => {
    tensors.set(head, tensors.get(embedding)!);
    tensors.set("model.layers.0.self_attn.rotary_emb.inv_freq", one);
  });
  assert.equal(readCheckpoint(harmless).config.tied, true);
  assert.equal(said(), "");
  const bias = "model.layers.0.self_attn.q_proj.bias";
  const biased = changed(t, "llama-tied-mha", (tensors) => tensors.set(bias, one));
  readCheckpoint(biased);
  readCheckpoint(biased);
  assert.equal(said(), `${biased}: tensors the model has no use for are ignored, as in transformers: ${bias}\n`);
});

test("a head of another shape beside the embedding is refused", (t) => {
  const dir = changed(t, "llama-tied-mha", (tensors) =>
    tensors.set(head, { shape: [2, 32], data: new Float32Array(64) }),
  );
  assert.throws(() => readCheckpoint(dir), userError(/weight lm_head\.weight of shape \[320, 32\], got \[2, 32\]/));
});

/** Forward pass and gradients against transformers + torch on four configurations (test/golden/README.md). */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { sequenceLogps } from "../../lib/align/logps";
import { Transformer } from "../../lib/model/transformer";
import { uploadParams } from "../../lib/model/params";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import { onEveryBackend, relativeError } from "../backends";
import { f32, goldenPath, readGolden, type GoldenTensor } from "../golden/golden";
import { goldenModels } from "./goldenModels";

interface Golden {
  forward: {
    ids: number[][];
    lengths: number[];
    mask: number[][];
    positions: [number, number][];
    logits: GoldenTensor;
    loss: number;
  };
}

for (const name of goldenModels) {
  onEveryBackend(`${name}: logits within 1e-4 of transformers`, () => {
    const { config, tensors } = readCheckpoint(goldenPath("models", name));
    const { forward } = readGolden<Golden>("models", name, "vectors.json");
    const model = new Transformer(config);
    const params = uploadParams(tensors);
    const ids = forward.ids;
    const T = ids[0]!.length;
    model.logits(params, ids).dispose(); // makes the tables of this length, which stay
    const before = tf.memory().numTensors;
    const logits = model.logits(params, ids);
    const all = logits.dataSync();
    const expected = f32(forward.logits);
    const V = config.vocabSize;
    forward.positions.forEach(([row, t], i) => {
      for (let v = 0; v < V; v++)
        assert.ok(
          Math.abs(all[(row * T + t) * V + v]! - expected[i * V + v]!) < 1e-4,
          `row ${row} position ${t} id ${v}`,
        );
    });
    logits.dispose();
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
    model.dispose();
    tf.dispose(params);
  });

  onEveryBackend(`${name}: gradients within 1e-4 relative of torch`, () => {
    const { config, tensors } = readCheckpoint(goldenPath("models", name));
    const { forward } = readGolden<Golden>("models", name, "vectors.json");
    const expected = readSafetensors(goldenPath("models", name, "gradients.safetensors"));
    const model = new Transformer(config);
    const params = uploadParams(tensors);
    const names = Object.keys(params);
    const batch = forward.ids.map((ids, r) => ({
      ids: Int32Array.from(ids),
      weights: Float32Array.from(forward.mask[r]!),
    }));
    const tokens = forward.mask.flat().reduce((a, b) => a + b, 0);
    tf.tidy(() => {
      const loss = (...t: tf.Tensor[]) =>
        tf.mul(tf.sum(sequenceLogps(model, Object.fromEntries(t.map((x, i) => [names[i]!, x])), batch)), -1 / tokens);
      const { value, grads } = tf.valueAndGrads(loss)(Object.values(params));
      assert.ok(Math.abs(value.dataSync()[0]! - forward.loss) < 1e-5 * forward.loss);
      names.forEach((n, i) => {
        const error = relativeError(grads[i]!.dataSync(), expected.get(n).data);
        assert.ok(error < 1e-4, `${n}: ${error}`);
      });
    });
    model.dispose();
    tf.dispose(params);
  });
}

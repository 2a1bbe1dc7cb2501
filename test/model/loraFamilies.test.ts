/** Adapters of every projection in every family, whatever tensors its parts share. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { openCheckpoint, readCheckpoint } from "../../lib/model/checkpoint";
import { adapted, initialAdapter, loraScale, mergedTensors } from "../../lib/model/adapter/lora";
import { uploadParams, type Params } from "../../lib/model/params";
import { Transformer } from "../../lib/model/transformer";
import { loraTargets } from "../../lib/model/weights";
import { onEveryBackend, relativeError } from "../backends";
import { goldenPath } from "../golden/golden";
import { publishedShapes } from "./goldenModels";

for (const name of publishedShapes) {
  onEveryBackend(`${name}: an adapter of all projections is what it is merged into`, () => {
    const base = openCheckpoint(goldenPath("models", name));
    const lora = { rank: 2, alpha: 3, targets: loraTargets(base.config), rslora: false };
    const rng = new Rng("merged");
    const adapter = initialAdapter(base.config, lora, rng);
    for (const [key, { data }] of adapter.tensors)
      if (key.endsWith("lora_B.weight")) data.forEach((_, i) => (data[i] = 0.1 * rng.normal()));
    const model = new Transformer(base.config);
    const [own, plain, merged] = [
      adapter.tensors,
      readCheckpoint(goldenPath("models", name)).tensors,
      mergedTensors(base, adapter),
    ].map(uploadParams) as [Params, Params, Params];
    const ids = [[5, 9, 14, 3, 20, 7, 11, 2, 30, 8, 6]];
    const logits = (params: Params) => model.logits(params, ids).dataSync();
    tf.tidy(() => {
      const expected = logits(merged);
      assert.ok(relativeError(logits(adapted(plain, own, loraScale(lora))), expected) < 1e-5);
      assert.ok(relativeError(logits(plain), expected) > 1e-2); // the adapter does something
    });
    model.dispose();
    tf.dispose([own, plain, merged]);
  });
}

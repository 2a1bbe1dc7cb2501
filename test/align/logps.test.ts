/** Sums of log-probabilities of packed sequences: which tokens they see, and what their gradient is. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { sequenceLogps, type WeightedSequence } from "../../lib/align/logps";
import { Rng } from "../../lib/base/rng";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { packSequences, type Packing } from "../../lib/model/packing";
import { param, uploadParams, type Params } from "../../lib/model/params";
import { Transformer } from "../../lib/model/transformer";
import { onEveryBackend, relativeError } from "../backends";
import { f32, goldenPath, readGolden } from "../golden/golden";
import { plainLogps } from "../model/plainLlama";
import { type Golden, sequencesOf } from "./goldenLosses";
import { dpoLosses } from "./objective/dpoLosses";

/**
 * Three sequences each of two prompts, of lengths that make attention cut them into several groups, with every other
 * token or so unmasked.
 */
function sharingSequences(vocabSize: number): WeightedSequence[] {
  const rng = new Rng("sharing");
  const draw = (length: number) => Array.from({ length }, () => rng.int(vocabSize));
  const prompts = [draw(7), draw(12)];
  return [31, 9, 20, 14, 250, 13].map((length, i) => {
    const prompt = prompts[i % 2]!;
    const ids = Int32Array.from([...prompt, ...draw(length - prompt.length)]);
    return { ids, weights: Float32Array.from(ids, (_, t) => (t >= prompt.length && rng.next() < 0.6 ? 1 : 0)) };
  });
}

for (const name of ["llama-gqa-llama3", "qwen2-gqa-tied"]) {
  onEveryBackend(
    `${name}: packed sequences have the sums and the gradient of plain ops, one sequence after the other`,
    () => {
      const frequencies = f32(readGolden<Golden>("models", name, "vectors.json").inverseFrequencies);
      const { config, tensors } = readCheckpoint(goldenPath("models", name));
      const model = new Transformer(config);
      const params = uploadParams(tensors);
      const names = Object.keys(params);
      const sequences = sharingSequences(config.vocabSize);
      const { groups, ids } = packSequences(sequences.map(({ ids }) => ids));
      assert.ok(
        groups.length > 1 && ids.length < sequences.reduce((sum, { ids }) => sum + ids.length, 0),
        "several groups and shared tokens are what this is about",
      );
      const plain = (params: Params) =>
        tf.stack(
          sequences.map(({ ids, weights }) =>
            tf.sum(
              tf.mul(
                plainLogps(config, params, frequencies, ids),
                tf.mul(
                  tf.oneHot(tf.tensor1d(ids.slice(1), "int32"), config.vocabSize).toFloat(),
                  tf.reshape(tf.tensor1d(Array.from(weights.subarray(1))), [-1, 1]),
                ),
              ),
            ),
          ),
        );
      const packed = (params: Params) => sequenceLogps(model, params, sequences);
      tf.tidy(() => {
        const weights = tf.tensor1d([0.7, -0.4, 1, -1.1, 0.3, -0.8]); // both signs, as a pair's gradient has
        const run = (sums: (params: Params) => tf.Tensor) => {
          const { grads } = tf.valueAndGrads((...t: tf.Tensor[]) =>
            tf.sum(tf.mul(sums(Object.fromEntries(t.map((x, i) => [names[i]!, x]))), weights)),
          )(Object.values(params));
          return { sums: sums(params).dataSync(), grads };
        };
        const [expected, actual] = [run(plain), run(packed)];
        actual.sums.forEach((sum, r) =>
          assert.ok(
            relativeError([sum], [expected.sums[r]!]) < 1e-5,
            `sequence ${r}: ${sum} against ${expected.sums[r]}`,
          ),
        );
        names.forEach((n, i) => {
          const error = relativeError(actual.grads[i]!.dataSync(), expected.grads[i]!.dataSync());
          assert.ok(error < 1e-5, `gradient of ${n}: ${error}`);
        });
      });
      model.dispose();
      tf.dispose(params);
    },
  );
}

onEveryBackend(
  "masked tokens: logps see only unmasked ones; what stands behind the last of them is not computed",
  () => {
    const { config, tensors } = readCheckpoint(goldenPath("models", "llama-tied-mha"));
    const model = new Transformer(config);
    const params = uploadParams(tensors);
    const rng = new Rng("masked");
    const ids = Array.from({ length: 3 }, () => Array.from({ length: 9 }, () => rng.int(300)));
    const mask = ids.map((row) => row.map((_, t) => (t > 2 && rng.next() < 0.5 ? 1 : 0)));
    const sums = (i: number[][], m: number[][], of: Pick<Transformer, "hidden" | "config"> = model) =>
      Array.from(tf.tidy(() => sequenceLogps(of as Transformer, params, sequencesOf(i, m)).dataSync()));
    const expected = ids.map((row, r) => {
      const logp = tf.tidy(() => Array.from(tf.logSoftmax(model.logits(params, [row])).dataSync()));
      return row.reduce((s, id, t) => s + (mask[r]![t] ? logp[(t - 1) * config.vocabSize + id]! : 0), 0);
    });
    assert.ok(relativeError(sums(ids, mask), expected) < 1e-5);
    const longer = ids.map((row) => [...row, 7, 7, 7]);
    const nothing = mask.map((row) => [...row, 0, 0, 0]);
    assert.deepEqual(sums(longer, nothing), sums(ids, mask));
    const seen: Packing[] = [];
    sums(longer, nothing, {
      config,
      hidden: (params, packing) => {
        seen.push(packing);
        return model.hidden(params, packing);
      },
    });
    assert.deepEqual(
      seen.map(({ tokens }) => tokens.map(({ length }) => length)),
      [mask.map((row) => row.lastIndexOf(1))],
    );
    // A masked token after which nothing counts may be any token; so may its logits.
    const last = ids.map((row) => [...row.slice(0, 8), (row[8]! + 1) % 300]);
    const silent = mask.map((row) => [...row.slice(0, 8), 0]);
    assert.deepEqual(sums(last, silent), sums(ids, silent));
    // A sequence in which nothing counts has the sum 0 and changes no other.
    const [first, , third] = sums(ids, mask);
    const withHole = sums(
      ids,
      mask.map((row, r) => (r === 1 ? row.map(() => 0) : row)),
    );
    assert.equal(withHole[1], 0);
    assert.ok(relativeError([withHole[0]!, withHole[2]!], [first!, third!]) < 1e-6);
    assert.throws(
      () =>
        sums(
          [
            [4, 5],
            [6, 7],
          ],
          [
            [0, 1],
            [1, 1],
          ],
        ),
      { name: "RangeError", message: /the first token of sequence 1 to be masked/ },
    );
    model.dispose();
    tf.dispose(params);
  },
);

onEveryBackend("all-ones mask is DPO: the gradient of the whole completion's log-ratio", () => {
  const { config, tensors } = readCheckpoint(goldenPath("models", "llama-tied-mha"));
  const model = new Transformer(config);
  const params = uploadParams(tensors);
  const ids = [
    [4, 8, 15, 16, 23],
    [4, 8, 42, 10, 6],
  ];
  const ones = ids.map((row) => row.map((_, t) => (t > 1 ? 1 : 0)));
  const reference = Array.from(tf.tidy(() => sequenceLogps(model, params, sequencesOf(ids, ones)).dataSync())).map(
    (x) => x + 0.5,
  );
  const embedding = param<tf.Tensor2D>(params, "model.embed_tokens.weight");
  const rest = { ...params };
  const dpo = (e: tf.Tensor): tf.Scalar => {
    // Eq. 2, from full logits, without our masks
    const logp = tf.logSoftmax(
      tf.slice(model.logits({ ...rest, "model.embed_tokens.weight": e }, ids), [0, 1, 0], [2, 3, config.vocabSize]),
    );
    const picked = tf.sum(
      tf.mul(
        logp,
        tf.oneHot(
          tf.tensor2d(
            ids.map((r) => r.slice(2)),
            undefined,
            "int32",
          ),
          config.vocabSize,
        ),
      ),
      [1, 2],
    );
    const [w, l] = tf.split(tf.mul(tf.sub(picked, tf.tensor1d(reference)), 0.1), 2);
    return tf.neg(tf.sum(tf.log(tf.sigmoid(tf.sub(w!, l!))))) as tf.Scalar;
  };
  const masked = (e: tf.Tensor): tf.Scalar => {
    const [policyChosen, policyRejected] = tf.split(
      sequenceLogps(model, { ...rest, "model.embed_tokens.weight": e }, sequencesOf(ids, ones)),
      2,
    ) as [tf.Tensor1D, tf.Tensor1D];
    const [referenceChosen, referenceRejected] = [tf.tensor1d(reference.slice(0, 1)), tf.tensor1d(reference.slice(1))];
    return tf.sum(dpoLosses({ policyChosen, policyRejected, referenceChosen, referenceRejected }, 0.1).losses);
  };
  tf.tidy(() => {
    const a = tf.valueAndGrad(dpo)(embedding);
    const b = tf.valueAndGrad(masked)(embedding);
    assert.ok(relativeError(b.value.dataSync(), a.value.dataSync()) < 1e-5);
    assert.ok(relativeError(b.grad.dataSync(), a.grad.dataSync()) < 1e-4);
  });
  model.dispose();
  tf.dispose(params);
});

/** The loss and its invariants (paper Eq. 2, 5, 6), and ten training losses against torch. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { dpoLosses } from "./dpoLosses";
import { sequenceLogps, type WeightedSequence } from "../../../lib/align/logps";
import { flatLayout, flatten, valueAndGradient } from "../../../lib/align/flat";
import { Rng } from "../../../lib/base/rng";
import { adamwInit, adamwUpdate } from "../../../lib/engine/adamw";
import { readCheckpoint } from "../../../lib/model/checkpoint";
import { Transformer } from "../../../lib/model/transformer";
import { param, uploadParams, type Params } from "../../../lib/model/params";
import { packSequences, type Packing } from "../../../lib/model/packing";
import { onEveryBackend, relativeError } from "../../backends";
import { f32, goldenPath, readGolden, type GoldenTensor } from "../../golden/golden";
import { goldenModels } from "../../model/goldenModels";
import { plainLogps } from "../../model/plainLlama";

interface Golden {
  inverseFrequencies: GoldenTensor;
  maskedDpo: {
    pairs: number;
    ids: number[][];
    mask: number[][];
    beta: number;
    steps: number;
    adamw: { lr: number; beta1: number; beta2: number; eps: number; weightDecay: number };
    referenceLogps: number[];
    policyLogps: number[][];
    losses: number[];
  };
}
const sequencesOf = (ids: number[][], mask: number[][]): WeightedSequence[] =>
  ids.map((row, r) => ({ ids: Int32Array.from(row), weights: Float32Array.from(mask[r]!) }));
const logpsOf = (numbers: [number, number, number, number][]) => {
  const column = (i: 0 | 1 | 2 | 3) => tf.tensor1d(numbers.map((row) => row[i]));
  return {
    policyChosen: column(0),
    policyRejected: column(1),
    referenceChosen: column(2),
    referenceRejected: column(3),
  };
};

for (const name of goldenModels) {
  onEveryBackend(`${name}: ten masked-DPO training losses are torch's`, () => {
    const { maskedDpo: golden } = readGolden<Golden>("models", name, "vectors.json");
    const { config, tensors } = readCheckpoint(goldenPath("models", name));
    const model = new Transformer(config),
      initial = uploadParams(tensors),
      layout = flatLayout(initial);
    let weights = flatten(Object.values(initial)),
      state = adamwInit(weights.size);
    const batch = sequencesOf(golden.ids, golden.mask),
      n = golden.pairs;
    for (let step = 0; step < golden.steps; step++) {
      let policy: tf.Tensor1D | undefined;
      const { value: loss, gradient } = valueAndGradient(weights, layout, (params) => {
        policy = tf.keep(sequenceLogps(model, params, batch));
        const [policyChosen, policyRejected] = tf.split(policy, 2) as [tf.Tensor1D, tf.Tensor1D];
        const [referenceChosen, referenceRejected] = [
          tf.tensor1d(golden.referenceLogps.slice(0, n)),
          tf.tensor1d(golden.referenceLogps.slice(n)),
        ];
        return tf.mean(
          dpoLosses({ policyChosen, policyRejected, referenceChosen, referenceRejected }, golden.beta).losses,
        );
      });
      assert.ok(
        Math.abs(loss.dataSync()[0]! - golden.losses[step]!) < 1e-4,
        `loss at step ${step}: ${loss.dataSync()[0]} against ${golden.losses[step]}`,
      );
      assert.ok(relativeError(policy!.dataSync(), golden.policyLogps[step]!) < 1e-4, `logps at step ${step}`);
      const { lr, beta1, beta2, eps, weightDecay } = golden.adamw;
      const next = adamwUpdate(weights, gradient, state, { lr, betas: [beta1, beta2], eps, weightDecay });
      tf.dispose([loss, policy!, gradient, weights, state.m, state.v]);
      ({ weights, state } = next);
    }
    model.dispose();
    tf.dispose([weights, state.m, state.v, ...Object.values(initial)]);
  });
}

onEveryBackend("policy = reference gives ln 2 and no reward", () => {
  const { losses, chosenRewards, rejectedRewards } = dpoLosses(
    logpsOf([
      [-31.5, -80.25, -31.5, -80.25],
      [-3, -2, -3, -2],
    ]),
    0.1,
  );
  for (const loss of losses.dataSync()) assert.ok(Math.abs(loss - Math.LN2) < 1e-6);
  assert.deepEqual([...chosenRewards.dataSync(), ...rejectedRewards.dataSync()].map(Math.abs), [0, 0, 0, 0]);
});

onEveryBackend("swapping the sides negates the margin", () => {
  const a = dpoLosses(logpsOf([[-10, -12, -11, -11.5]]), 0.3),
    b = dpoLosses(logpsOf([[-12, -10, -11.5, -11]]), 0.3);
  const margin = (r: typeof a) => r.chosenRewards.dataSync()[0]! - r.rejectedRewards.dataSync()[0]!;
  assert.ok(Math.abs(margin(a) + margin(b)) < 1e-6 && margin(a) > 0);
});

onEveryBackend("the loss stays finite for margins of ±1000 and has the slope of -log sigmoid", () => {
  const x = tf.tensor1d([-1000, -3, 0, 3, 1000]),
    zero = tf.zerosLike(x);
  const losses = (x: tf.Tensor1D) =>
    dpoLosses({ policyChosen: x, policyRejected: zero, referenceChosen: zero, referenceRejected: zero }, 1).losses;
  const grad = tf
    .grad((x) => tf.sum(losses(x as tf.Tensor1D)))(x)
    .dataSync();
  assert.ok(
    relativeError(losses(x).dataSync(), [1000, Math.log(1 + Math.exp(3)), Math.LN2, Math.log(1 + Math.exp(-3)), 0]) <
      1e-6,
  );
  assert.ok(relativeError(grad, [-1, -1 / (1 + Math.exp(-3)), -0.5, -1 / (1 + Math.exp(3)), 0]) < 1e-6);
});

/** Three sequences each of two prompts, of lengths that make attention cut them into several groups, with every other token or so unmasked. */
function sharingSequences(vocabSize: number): WeightedSequence[] {
  const rng = new Rng("sharing"),
    draw = (length: number) => Array.from({ length }, () => rng.int(vocabSize));
  const prompts = [draw(7), draw(12)];
  return [31, 9, 20, 14, 250, 13].map((length, i) => {
    const prompt = prompts[i % 2]!,
      ids = Int32Array.from([...prompt, ...draw(length - prompt.length)]);
    return { ids, weights: Float32Array.from(ids, (_, t) => (t >= prompt.length && rng.next() < 0.6 ? 1 : 0)) };
  });
}

for (const name of ["llama-gqa-llama3", "qwen2-gqa-tied"]) {
  onEveryBackend(
    `${name}: packed sequences have the sums and the gradient of plain ops, one sequence after the other`,
    () => {
      const frequencies = f32(readGolden<Golden>("models", name, "vectors.json").inverseFrequencies);
      const { config, tensors } = readCheckpoint(goldenPath("models", name));
      const model = new Transformer(config),
        params = uploadParams(tensors),
        names = Object.keys(params);
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
    const model = new Transformer(config),
      params = uploadParams(tensors),
      rng = new Rng("masked");
    const ids = Array.from({ length: 3 }, () => Array.from({ length: 9 }, () => rng.int(300)));
    const mask = ids.map((row) => row.map((_, t) => (t > 2 && rng.next() < 0.5 ? 1 : 0)));
    const sums = (i: number[][], m: number[][], of: Pick<Transformer, "hidden" | "config"> = model) =>
      Array.from(tf.tidy(() => sequenceLogps(of as Transformer, params, sequencesOf(i, m)).dataSync()));
    const expected = ids.map((row, r) => {
      const logp = tf.tidy(() => Array.from(tf.logSoftmax(model.logits(params, [row])).dataSync()));
      return row.reduce((s, id, t) => s + (mask[r]![t] ? logp[(t - 1) * config.vocabSize + id]! : 0), 0);
    });
    assert.ok(relativeError(sums(ids, mask), expected) < 1e-5);
    const longer = ids.map((row) => [...row, 7, 7, 7]),
      nothing = mask.map((row) => [...row, 0, 0, 0]);
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
    const [first, , third] = sums(ids, mask),
      withHole = sums(
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
  const model = new Transformer(config),
    params = uploadParams(tensors);
  const ids = [
      [4, 8, 15, 16, 23],
      [4, 8, 42, 10, 6],
    ],
    ones = ids.map((row) => row.map((_, t) => (t > 1 ? 1 : 0)));
  const reference = Array.from(tf.tidy(() => sequenceLogps(model, params, sequencesOf(ids, ones)).dataSync())).map(
    (x) => x + 0.5,
  );
  const embedding = param<tf.Tensor2D>(params, "model.embed_tokens.weight"),
    rest = { ...params };
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
    const a = tf.valueAndGrad(dpo)(embedding),
      b = tf.valueAndGrad(masked)(embedding);
    assert.ok(relativeError(b.value.dataSync(), a.value.dataSync()) < 1e-5);
    assert.ok(relativeError(b.grad.dataSync(), a.grad.dataSync()) < 1e-4);
  });
  model.dispose();
  tf.dispose(params);
});

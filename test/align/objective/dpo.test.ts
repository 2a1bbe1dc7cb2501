/** The loss and its invariants (paper Eq. 2, 5, 6), and ten training losses against torch. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten, valueAndGradient } from "../../../lib/align/flat";
import { sequenceLogps } from "../../../lib/align/logps";
import { adamwInit, adamwUpdate } from "../../../lib/engine/adamw";
import { readCheckpoint } from "../../../lib/model/checkpoint";
import { uploadParams } from "../../../lib/model/params";
import { Transformer } from "../../../lib/model/transformer";
import { onEveryBackend, relativeError } from "../../backends";
import { goldenPath, readGolden } from "../../golden/golden";
import { goldenModels } from "../../model/goldenModels";
import { type Golden, sequencesOf } from "../goldenLosses";
import { dpoLosses } from "./dpoLosses";

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
    const model = new Transformer(config);
    const initial = uploadParams(tensors);
    const layout = flatLayout(initial);
    let weights = flatten(Object.values(initial));
    let state = adamwInit(weights.size);
    const batch = sequencesOf(golden.ids, golden.mask);
    const n = golden.pairs;
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
      tf.dispose([loss, policy!, gradient, weights]);
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
  const a = dpoLosses(logpsOf([[-10, -12, -11, -11.5]]), 0.3);
  const b = dpoLosses(logpsOf([[-12, -10, -11.5, -11]]), 0.3);
  const margin = (r: typeof a) => r.chosenRewards.dataSync()[0]! - r.rejectedRewards.dataSync()[0]!;
  assert.ok(Math.abs(margin(a) + margin(b)) < 1e-6 && margin(a) > 0);
});

onEveryBackend("the loss stays finite for margins of ±1000 and has the slope of -log sigmoid", () => {
  const x = tf.tensor1d([-1000, -3, 0, 3, 1000]);
  const zero = tf.zerosLike(x);
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

/**
 * What objectives take of a model's distributions: losses against float64 from all logits, gradients against finite
 * differences, with an adapter too, and nothing left on the engine.
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { flatLayout, flatten } from "../../../lib/align/flat";
import { sequenceLogps } from "../../../lib/align/logps";
import { microbatchGradient, type Minimised } from "../../../lib/align/microbatch";
import { chooseObjective } from "../../../lib/align/objective/registry";
import type { SideIds } from "../../../lib/align/pairIds";
import { Rng } from "../../../lib/base/rng";
import { adapted, initialAdapter, loraScale } from "../../../lib/model/adapter/lora";
import { sidesOf } from "../../../lib/preference/collate";
import { uploadParams } from "../../../lib/model/params";
import { Transformer } from "../../../lib/model/transformer";
import { onEveryBackend } from "../../backends";
import { lora } from "../peakMemory";
import { tinyPolicy, tokenized, type TinyPolicy } from "../tiny";
import { moved } from "./moved";
import { lossOf, type Row } from "./rows";

type Named = [name: string, options: Record<string, number>];
const cases: Named[] = [
  ["tdpo1", { beta: 0.5 }],
  ["tdpo2", { beta: 0.5, alpha: 0.7 }],
  ["tis-dpo", { beta: 0.5, alpha: 0.7 }],
  ["wpo", { beta: 0.5 }],
];

/** log-softmax [T - 1][V] of a sequence, in float64 from logits of the engine. */
function logSoftmaxes({ model, layout }: TinyPolicy, weights: tf.Tensor1D, ids: Int32Array): number[][] {
  const logits = tf.tidy(() => {
    const parts = tf.split(weights, layout.sizes).map((part, i) => tf.reshape(part, layout.shapes[i]!));
    const params = Object.fromEntries(parts.map((part, i) => [layout.names[i]!, part]));
    return model.logits(params, [ids.subarray(0, -1)]).arraySync()[0]!;
  });
  return logits.map((row) => {
    const largest = Math.max(...row);
    const total = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    return row.map((x) => x - total);
  });
}

function sideOf(policy: TinyPolicy, weights: tf.Tensor1D, frozen: tf.Tensor1D, side: SideIds, forward: boolean) {
  const [own, other] = [weights, frozen].map((of) => logSoftmaxes(policy, of, side.ids)) as [number[][], number[][]];
  const targets = Array.from(side.ids.subarray(1));
  const apart = (from: number[], to: number[]) => from.reduce((sum, x, v) => sum + Math.exp(x) * (x - to[v]!), 0);
  return {
    logps: own.map((row, t) => row[targets[t]!]!),
    reference: other.map((row, t) => row[targets[t]!]!),
    weights: Array.from(side.weights.subarray(1)),
    kl: own.map((row, t) => (forward ? apart(other[t]!, row) : apart(row, other[t]!))),
    logSumSquares: own.map((row) => Math.log(row.reduce((sum, x) => sum + Math.exp(2 * x), 0))),
  };
}

/** The tiny policy, and one whose logits are capped, as Gemma 2's are. */
const caps = [undefined, 2];

async function agreesWithFloat64(policy: TinyPolicy): Promise<void> {
  const pairs = tokenized(policy, 2);
  const weights = moved(policy.weights, 0.05);
  const direction = moved(tf.zerosLike(weights), 1);
  for (const [name, options] of cases) {
    const rows = pairs.map((pair): Row => {
      const side = (of: SideIds) => sideOf(policy, weights, policy.weights, of, name.startsWith("tdpo"));
      return { chosen: side(pair.chosen), rejected: side(pair.rejected) };
    });
    const sum = ({ reference, weights }: ReturnType<typeof sideOf>) =>
      reference.reduce((total, value, t) => total + weights[t]! * value, 0);
    const minimised: Minimised = {
      objective: chooseObjective(name, options),
      reference: {
        chosen: Float32Array.from(rows, ({ chosen }) => sum(chosen as ReturnType<typeof sideOf>)),
        rejected: Float32Array.from(rows, ({ rejected }) => sum(rejected as ReturnType<typeof sideOf>)),
      },
      scale: 1,
    };
    const at = async (weights: tf.Tensor1D) => {
      const { gradient, log } = await microbatchGradient(
        policy.model,
        policy.layout,
        weights,
        pairs,
        minimised,
        undefined,
        policy.weights,
      );
      const slope = tf.tidy(() => tf.sum(tf.mul(gradient, direction)).dataSync()[0]!);
      gradient.dispose();
      return { losses: log.losses, slope };
    };
    await at(weights); // tables of the model are made once and kept
    const before = tf.memory().numTensors;
    const { losses, slope } = await at(weights);
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
    losses.forEach((loss, i) => {
      const wanted = lossOf(name, options, rows[i]!).loss;
      assert.ok(Math.abs(loss - wanted) < 1e-4 * Math.max(1, wanted), `${name} ${i}: ${loss}, ${wanted}`);
      const { loss: without } = lossOf("dpo", { beta: 0.5 }, rows[i]!);
      assert.ok(Math.abs(wanted - without) > 1e-3, `${name} ${i} is told from DPO`);
    });
    if (name === "tdpo2" || name === "wpo") continue; // what they hold constant would move
    const h = 2e-4;
    const total = async (by: number) => {
      const there = tf.tidy(() => tf.add<tf.Tensor1D>(weights, tf.mul(direction, by)));
      const { losses } = await at(there);
      there.dispose();
      return losses.reduce((a, b) => a + b, 0);
    };
    const wanted = ((await total(h)) - (await total(-h))) / (2 * h);
    assert.ok(Math.abs(slope - wanted) < 0.02 * Math.abs(wanted), `${name}: slope ${slope}, ${wanted}`);
  }
  tf.dispose([weights, direction]);
}

onEveryBackend("divergences and sharpness of a model: losses, gradients, no tensor left", async () => {
  const policy = tinyPolicy();
  for (const logitCap of caps) {
    const model = new Transformer({ ...policy.model.config, logitCap });
    await agreesWithFloat64({ ...policy, model });
    model.dispose();
  }
  policy.dispose();
});

onEveryBackend("an adapter that has learnt nothing is its own reference: no divergence", async () => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 2);
  const own = uploadParams(initialAdapter(policy.model.config, lora, new Rng(1)).tensors);
  const weights = flatten(Object.values(own));
  const sums = tf.tidy(() => sequenceLogps(policy.model, policy.params, sidesOf(pairs)).dataSync<"float32">());
  const reference = { chosen: sums.subarray(0, 2), rejected: sums.subarray(2) };
  const { gradient, log } = await microbatchGradient(
    policy.model,
    flatLayout(own),
    weights,
    pairs,
    { objective: chooseObjective("tdpo1", { beta: 2 }), reference, scale: 1 },
    (adapter) => adapted(policy.params, adapter, loraScale(lora)),
    weights,
  );
  for (const loss of log.losses) assert.ok(Math.abs(loss - Math.LN2) < 1e-5);
  tf.dispose([gradient, weights, ...Object.values(own)]);
  policy.dispose();
});

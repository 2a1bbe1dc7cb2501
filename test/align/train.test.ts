/** Training: exact accumulation, masks that differ in nothing else, bitwise resuming, no leaks, and what stops it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import type { PairCompute } from "../../lib/align/compute";
import { sequenceLogps } from "../../lib/align/logps";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { train, type TrainState } from "../../lib/align/train";
import { Rng } from "../../lib/base/rng";
import { startEngine } from "../../lib/engine/backend";
import { generate, paperSampling } from "../../lib/model/generate";
import type { TokenizedPair } from "../../lib/preference/collate";
import { maskKinds } from "../../lib/preference/mask";
import { onEveryBackend, relativeError } from "../backends";
import { computeOf, tinyPolicy, tokenized } from "./tiny";
import { options, request, complete, spoilt } from "./trainRequest";

before(() => startEngine());

onEveryBackend("accumulation: microbatches of 1, 3 and 8 take the step of the whole batch", async () => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 8);
  // with an eps that dwarfs the gradient, AdamW's step is the gradient itself, not its sign
  const step = { ...options, epochs: 1, batch: 8, eps: 1e4, lr: 1e5, clip: Infinity, warmup: 1 };
  const whole = await complete(await request(policy, pairs, { options: { ...step, microbatch: 8 } }));
  const initial = policy.weights.dataSync();
  const moved = (state: TrainState) => state.weights.map((w, i) => w - initial[i]!);
  assert.ok(Math.max(...moved(whole.state).map(Math.abs)) > 0.1, "the step should move the weights");
  for (const microbatch of [1, 3]) {
    const parts = await complete(await request(policy, pairs, { options: { ...step, microbatch } }));
    assert.ok(
      relativeError(parts.state.weights, whole.state.weights) < 1e-6,
      `microbatch ${microbatch}: ${relativeError(parts.state.weights, whole.state.weights)}`,
    );
    for (const key of ["loss", "gradNorm", "chosenLogps", "rejectedLogps", "maskedShare"] as const)
      assert.ok(relativeError([parts.logs[0]![key]], [whole.logs[0]![key]]) < 1e-5, key);
  }
  policy.dispose();
});

test("the first step: loss ln 2, no rewards, and a mean over the pairs of a smaller last batch", async () => {
  const policy = tinyPolicy();
  const { logs } = await complete(
    await request(policy, tokenized(policy, 6), { options: { ...options, epochs: 1, lr: 0 } }),
  );
  assert.deepEqual(
    logs.map(({ step, steps, epoch }) => [step, steps, epoch]),
    [
      [1, 2, 1],
      [2, 2, 1],
    ],
  );
  for (const { loss, margin, accuracy } of logs) {
    assert.ok(Math.abs(loss - Math.LN2) < 1e-5, String(loss));
    assert.ok(Math.abs(margin) < 1e-4);
    assert.ok(accuracy >= 0 && accuracy <= 1);
  }
  policy.dispose();
});

test("it learns: loss falls, chosen is told from rejected, the learning rate ends at the cosine's bottom", async () => {
  const policy = tinyPolicy();
  const { logs } = await complete(
    await request(policy, tokenized(policy, 8), { options: { ...options, epochs: 12, lr: 3e-3 } }),
  );
  assert.ok(logs.at(-1)!.loss < 0.35, String(logs.at(-1)!.loss));
  assert.equal(logs.at(-1)!.accuracy, 1);
  assert.ok(logs.at(-1)!.chosenReward > logs.at(-1)!.rejectedReward);
  assert.ok(logs.at(-1)!.lr < 0.02 * Math.max(...logs.map(({ lr }) => lr)));
  policy.dispose();
});

/** The same computations, noting step by step which pairs they are of. */
function watched(compute: PairCompute): { compute: PairCompute; steps: number[][] } {
  const steps: number[][] = [];
  return {
    steps,
    compute: {
      ...compute,
      gradients: (weights, microbatches) => {
        steps.push(microbatches.flatMap(({ members }) => members));
        return compute.gradients(weights, microbatches);
      },
    },
  };
}

test("masks differ in the mask only: same ids, same order of pairs, and their sums fit together", async () => {
  const policy = tinyPolicy();
  const [paper, none, inverted, random] = maskKinds.map((mask) => tokenized(policy, 12, mask)) as [
    TokenizedPair[],
    TokenizedPair[],
    TokenizedPair[],
    TokenizedPair[],
  ];
  const unmasked = (pair: TokenizedPair) =>
    [pair.chosen, pair.rejected].map(({ weights }) => weights.reduce((a, b) => a + b, 0));
  for (const other of [none, inverted, random]) {
    other.forEach((pair, i) => {
      for (const side of ["chosen", "rejected"] as const) {
        const { weights: _, ...rest } = pair[side];
        const { weights: __, ...expected } = paper[i]![side];
        assert.deepEqual(rest, expected);
      }
    });
    assert.notDeepEqual(other.map(unmasked), paper.map(unmasked));
  }
  const orders = [];
  for (const pairs of [paper, none, inverted, random]) {
    const base = await request(policy, pairs, { options: { ...options, microbatch: 1 } });
    const { compute, steps } = watched(base.compute);
    await complete({ ...base, compute });
    orders.push(steps);
  }
  for (const order of orders.slice(1)) assert.deepEqual(order, orders[0]);

  // log-probabilities add up: paper + inverted = everything + what neither drops
  const both = paper.map((pair, i): TokenizedPair => {
    const common = (side: "chosen" | "rejected") => ({
      ...pair[side],
      weights: pair[side].weights.map((m, t) => m * inverted[i]![side].weights[t]!),
    });
    return { ...pair, chosen: common("chosen"), rejected: common("rejected") };
  });
  for (const side of ["chosen", "rejected"] as const) {
    const [p, n, v, b] = await Promise.all(
      [paper, none, inverted, both].map(async (pairs) => {
        const reference = weightedSums(await computeLogps(computeOf(policy, pairs), policy.weights, pairs), pairs)[
          side
        ];
        const trained = tf.tidy(() =>
          sequenceLogps(
            policy.model,
            policy.params,
            pairs.map((pair) => pair[side]),
          ).dataSync(),
        );
        trained.forEach((x, i) => assert.ok(Math.abs(x - reference[i]!) < 1e-4, `policy and reference, ${side} ${i}`));
        return trained;
      }),
    );
    p!.forEach((x, i) => assert.ok(Math.abs(x + v![i]! - n![i]! - b![i]!) < 1e-3, `${side} ${i}`));
  }
  policy.dispose();
});

test("every epoch takes every pair once, in an order of its own", async () => {
  const policy = tinyPolicy();
  const base = await request(policy, tokenized(policy, 10), { options: { ...options, batch: 4, microbatch: 1 } });
  const { compute, steps } = watched(base.compute);
  await complete({ ...base, compute });
  const firsts = steps.flat();
  assert.equal(firsts.length, 20);
  const [one, two] = [firsts.slice(0, 10), firsts.slice(10)];
  for (const epoch of [one, two])
    assert.deepEqual(
      [...epoch].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  assert.notDeepEqual(one, two);
  policy.dispose();
});

test("resuming from any checkpoint ends with bitwise the same state", async () => {
  const policy = tinyPolicy();
  const base = await request(policy, tokenized(policy, 10), { checkpointEvery: 1 });
  const states: TrainState[] = [];
  const { state, logs } = await complete({ ...base, checkpoint: (s) => states.push(s) });
  assert.deepEqual(
    states.map(({ step }) => step),
    [1, 2, 3, 4, 5, 6],
  );
  for (const resume of [states[0]!, states[3]!]) {
    const rest = await complete({ ...base, resume });
    assert.deepEqual(rest.state, state);
    assert.deepEqual(
      rest.logs.map(({ step, loss }) => [step, loss]),
      logs.slice(resume.step).map(({ step, loss }) => [step, loss]),
    );
  }
  assert.deepEqual(states.at(-1), state);
  policy.dispose();
});

test("no tensor is left after training, stopping early, an error, generating, log-probabilities", async () => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 6);
  const base = await request(policy, pairs);
  await complete(base); // tables of the model are made once and kept
  const leaves = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    const count = tf.memory().numTensors;
    await run();
    assert.equal(tf.memory().numTensors, count, what);
  };
  await leaves("train", () => complete(base));
  await leaves("stopping early", async () => {
    const iterator = train(base);
    await iterator.next();
    await iterator.return(undefined as never);
  });
  await leaves("an error", () => assert.rejects(complete({ ...base, reference: spoilt(base.reference!, 2) })));
  await leaves("computeLogps", () => computeLogps(base.compute, policy.weights, pairs));
  await leaves("generate", async () => {
    for await (const _ of generate(
      policy.model.config,
      policy.params,
      [{ promptIds: [5, 6], streams: [new Rng(1), new Rng(2)] }],
      { ...paperSampling, maxNewTokens: 20 },
      policy.tokenizer,
    ));
  });
  policy.dispose();
});

/** Worker processes compute bit by bit what one process computes, pass on errors, and leave nobody behind. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import * as tf from "@tensorflow/tfjs";
import type { Microbatch, PairCompute } from "../../lib/align/compute";
import { chooseCompute, pooledCompute } from "../../lib/align/processes/pool";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { train, type TrainState } from "../../lib/align/train";
import { paperTraining } from "../../lib/align/trainOptions";
import { Rng } from "../../lib/base/rng";
import { cpuWorkers } from "../../lib/base/workers";
import { startEngine, type EngineName } from "../../lib/engine/backend";
import { nativeBackend } from "../../lib/engine/native";
import type { TokenizedPair } from "../../lib/preference/collate";
import { onEveryBackend } from "../backends";
import { chooseObjective } from "../../lib/align/objective/registry";
import { computeOf, tinyPolicy, tokenized, type TinyPolicy } from "./tiny";

/** Several processes on one GPU are neither faster nor bitwise the same: `chooseCompute` starts none there. */
const onGpu = (engine: EngineName) => engine === "native" && nativeBackend()!.isUsingGpuDevice;

/** Worker processes of this one that have not ended. */
const processes = () => process.getActiveResourcesInfo().filter((resource) => resource === "ProcessWrap").length;

async function ended(): Promise<boolean> {
  for (let waited = 0; waited < 5000 && processes() > 0; waited += 20)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return processes() === 0;
}

/** Two workers on the engine of this test, which they choose as every process does. */
function startWorkers(
  t: TestContext,
  engine: EngineName,
  { model, layout }: TinyPolicy,
  pairs: readonly TokenizedPair[],
): PairCompute {
  const before = process.env["ENGINE"];
  process.env["ENGINE"] = engine;
  const compute = pooledCompute(model, layout, pairs, 2);
  if (before === undefined) delete process.env["ENGINE"];
  else process.env["ENGINE"] = before;
  let open = true;
  const close = () => {
    if (open) compute.close();
    open = false;
  };
  t.after(close);
  return { ...compute, close };
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = [];
  for await (const value of source) out.push(value);
  return out;
}

function microbatchesOf(members: number[][]): Microbatch[] {
  const rng = new Rng("microbatches");
  const sums = (of: number[]) => Float32Array.from(of, () => -40 + rng.normal());
  return members.map((members) => ({
    members,
    reference: { chosen: sums(members), rejected: sums(members) },
    objective: chooseObjective("dpo"),
    scale: 1 / 9,
  }));
}

onEveryBackend(
  "two workers give bitwise the log-probabilities, gradients and logs of one process, in order, under changing weights",
  async (engine, t) => {
    if (onGpu(engine)) return t.skip("the CPU's business");
    const policy = tinyPolicy();
    const pairs = tokenized(policy, 7);
    const local = computeOf(policy, pairs);
    const pooled = startWorkers(t, engine, policy, pairs);
    const microbatches = microbatchesOf([[0, 1, 2], [3, 4], [5], [6, 0], [2]]);
    const chunks = [[6, 1], [0], [5, 2, 3], [4]];
    const gradients = async (compute: PairCompute, weights: tf.Tensor1D) =>
      (await all(compute.gradients(weights, microbatches))).map(({ gradient, log }) => {
        const data = gradient.dataSync().slice();
        gradient.dispose();
        return { gradient: data, log };
      });
    const moved = tf.tidy(() => tf.mul<tf.Tensor1D>(policy.weights, 0.9));
    await gradients(local, policy.weights); // tables of the model are made once and kept
    await all(local.logps(policy.weights, chunks));
    const count = tf.memory().numTensors;
    const seen = new Set<string>();
    for (const weights of [policy.weights, moved, policy.weights]) {
      // deepEqual tells -0 from 0 and compares every other float by its bits
      const expected = await gradients(local, weights);
      assert.deepEqual(await gradients(pooled, weights), expected);
      assert.deepEqual(await all(pooled.logps(weights, chunks)), await all(local.logps(weights, chunks)));
      for (const { gradient } of expected) seen.add(gradient.subarray(0, 50).join());
    }
    assert.equal(
      seen.size,
      2 * microbatches.length,
      "gradients should differ from microbatch to microbatch, and with the weights",
    );
    assert.equal(tf.memory().numTensors, count, "tensors leaked");
    pooled.close();
    assert.ok(await ended(), "a worker is left");
    moved.dispose();
    policy.dispose();
  },
);

onEveryBackend("a training run on workers ends with bitwise the weights of one in this process", async (engine, t) => {
  if (onGpu(engine)) return t.skip("the CPU's business");
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 10);
  const run = async (compute: PairCompute): Promise<TrainState> => {
    const reference = weightedSums(await computeLogps(compute, policy.weights, pairs), pairs);
    const steps = train({
      compute,
      initial: policy.weights,
      pairs,
      reference,
      options: { ...paperTraining, lr: 1e-3, epochs: 2, batch: 7, microbatch: 2 },
      rng: new Rng("pool"),
    });
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return value;
    }
  };
  const alone = await run(computeOf(policy, pairs));
  assert.deepEqual(await run(startWorkers(t, engine, policy, pairs)), alone);
  assert.notDeepEqual(alone.weights, policy.weights.dataSync());
  policy.dispose();
});

onEveryBackend("an error in a worker is the caller's; closing ends what runs", async (engine, t) => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const broken = pairs.map((pair, i) =>
    i === 1 ? { ...pair, rejected: { ...pair.rejected, weights: pair.rejected.weights.map(() => 1) } } : pair,
  );
  const compute = startWorkers(t, engine, policy, broken);
  const gradients = (members: number[][]) => all(compute.gradients(policy.weights, microbatchesOf(members)));
  await assert.rejects(gradients([[0], [1], [2]]), /expected the first token of sequence 1 to be masked/);
  tf.dispose((await gradients([[0, 2]])).map(({ gradient }) => gradient)); // the others are still served
  const running = gradients([[0], [2], [0, 2]]);
  await new Promise(setImmediate);
  compute.close();
  await assert.rejects(running, /the workers were closed/);
  assert.ok(await ended(), "a worker is left");
  policy.dispose();
});

test("workers are started where there is enough to do and processes help, one for each core", async (t) => {
  await startEngine();
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 2);
  for (const [visits, parallel, expected] of [
    [1023, true, 0],
    [1_000_000, false, 0],
    [1024, true, cpuWorkers],
  ] as const) {
    const compute = chooseCompute(policy.model, policy.layout, pairs, visits, parallel);
    t.after(compute.close);
    assert.equal(processes(), expected, `${visits} visits`);
  }
  policy.dispose();
});

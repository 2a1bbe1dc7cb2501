/**
 * Every objective trains: two steps in this process, the second again from a checkpoint, and both in worker processes,
 * to bitwise the same weights; by the command line those that look at more than sums of log-probabilities.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { mismatchedOf } from "../../../lib/align/batch";
import { localCompute, type PairCompute } from "../../../lib/align/compute";
import { pooledCompute } from "../../../lib/align/processes/pool";
import { chooseObjective, objectives, type ObjectiveChoice } from "../../../lib/align/objective/registry";
import { computeLogps, weightedSums } from "../../../lib/align/completionLogps";
import type { TrainState } from "../../../lib/align/train";
import { trainingPairs, type TrainingPairs } from "../../../lib/align/trainingPairs";
import { paperTraining, type StepLog } from "../../../lib/align/trainOptions";
import { Rng } from "../../../lib/base/rng";
import { startEngine } from "../../../lib/engine/backend";
import { nativeBackend } from "../../../lib/engine/native";
import { succeed } from "../../cli/here";
import { tinyModel, writePairs } from "../../cli/data";
import { rowsOf } from "../../cli/process";
import { scratch } from "../../golden/fixtures";
import { complete } from "../trainRequest";
import { tinyPolicy, tokenized, type TinyPolicy } from "../tiny";

const choices: ObjectiveChoice[] = [
  ...objectives.map(({ name }) => chooseObjective(name)),
  chooseObjective("tis-dpo", { alpha: 0.5 }),
  chooseObjective("kto", { z0: 0.1 }),
];
interface Case {
  choice: ObjectiveChoice;
  training: TrainingPairs;
  /** where its pairs begin among those of the workers */
  first: number;
}
let policy: TinyPolicy;
let pooled: PairCompute | undefined;
const cases: Case[] = [];

before(async () => {
  await startEngine();
  policy = tinyPolicy();
  const pairs = tokenized(policy, 4);
  let first = 0;
  for (const choice of choices) {
    const training = trainingPairs({ pairs, emptied: [] }, choice, policy.model.config.maxPositions);
    cases.push({ choice, training, first });
    first += training.everything.length;
  }
  if (nativeBackend()?.isUsingGpuDevice) return; // workers are the CPU's business
  const all = cases.flatMap(({ training }) => training.everything);
  pooled = pooledCompute(policy.model, policy.layout, all, 2);
});
after(() => {
  pooled?.close();
  policy.dispose();
});

/** The workers, as one objective's pairs are numbered. */
function shifted(compute: PairCompute, first: number): PairCompute {
  const moved = (members: readonly number[]) => members.map((i) => first + i);
  return {
    ...compute,
    logps: (weights, chunks) => compute.logps(weights, chunks.map(moved)),
    gradients: (weights, microbatches, frozen) =>
      compute.gradients(
        weights,
        microbatches.map((microbatch) => ({ ...microbatch, members: moved(microbatch.members) })),
        frozen,
      ),
  };
}

for (const [i, { name, options }] of choices.entries())
  test(`${name} ${JSON.stringify(options)}`, async () => {
    const { choice, training, first } = cases[i]!;
    const { pairs, everything } = training;
    const local = localCompute(policy.model, policy.layout, everything);
    const run = async (compute: PairCompute, resume?: TrainState) => {
      const reference = weightedSums(await computeLogps(compute, policy.weights, everything), everything);
      const states: TrainState[] = [];
      const { logs, state } = await complete({
        compute,
        initial: policy.weights,
        pairs,
        reference,
        mismatched: mismatchedOf(training, reference),
        options: { ...paperTraining, objective: choice, lr: 1e-3, epochs: 1, batch: 2, microbatch: 1 },
        rng: new Rng("objectives"),
        checkpointEvery: 1,
        checkpoint: (state) => states.push(state),
        resume,
      });
      return { logs: logs.map(({ tokensPerSecond: _, etaSeconds: __, ...log }) => log), state, states };
    };
    const alone = await run(local);
    assert.deepEqual(
      alone.logs.map(({ step }) => step),
      [1, 2],
    );
    for (const log of alone.logs)
      assert.ok(
        Object.values(log).every((x) => Number.isFinite(x)),
        JSON.stringify(log),
      );
    assert.ok(alone.logs[0]!.gradNorm > 0);
    assert.notDeepEqual(alone.state.weights, alone.states[0]!.weights);
    const resumed = await run(local, alone.states[0]);
    assert.deepEqual([resumed.state, resumed.logs[0]], [alone.state, alone.logs[1]]);
    if (!pooled) return;
    const workers = await run(shifted(pooled, first));
    assert.deepEqual([workers.state, workers.logs], [alone.state, alone.logs]);
  });

for (const [name, options, first] of [
  ["ld-dpo", { alpha: 0 }, Math.LN2],
  ["f-dpo", { lambda: 3 }, undefined],
  ["tdpo2", {}, Math.LN2],
  ["wpo", {}, undefined],
  ["kto", {}, 1],
  ["fkto", {}, 2], // 1/2 of each side, and twice the mean over sentences, which is 1/2
  ["simpo", {}, undefined],
] as const)
  test(`train --objective ${name}: what it logs first, and that a finished run is given back`, async (t) => {
    const dir = scratch(t);
    const pairs = writePairs(path.join(dir, "pairs.jsonl"), 8);
    const out = path.join(dir, "out");
    const given = Object.entries(options).flatMap(([key, value]) => ["--option", `${key}=${value}`]);
    const small = ["--model", tinyModel, "--epochs", "1", "--batch", "4", "--lr", "1e-3"];
    const args = ["train", "--objective", name, ...given, ...small, "--pairs", pairs, "--out", out];
    assert.match(await succeed(args), /8 of 8 pairs .+, 2 steps, loss /);
    const logs = rowsOf<StepLog>(`${out}.run/log.jsonl`);
    if (first !== undefined) assert.ok(Math.abs(logs[0]!.loss - first) < 1e-5, String(logs[0]!.loss));
    assert.equal(logs[0]!.zero !== undefined, name === "kto" || name === "fkto");
    const { objective } = (
      JSON.parse(readFileSync(`${out}.run/run.json`, "utf8")) as { options: { objective: object } }
    ).options;
    assert.deepEqual(objective, chooseObjective(name, options));
    const weights = readFileSync(`${out}/model.safetensors`);
    await succeed(args);
    assert.deepEqual(readFileSync(`${out}/model.safetensors`), weights);
  });

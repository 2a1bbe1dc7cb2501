/** A training run on disk (killed ones: test/cli/kill.test.ts). */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { paperTraining, type StepLog } from "../../lib/align/trainOptions";
import { startEngine } from "../../lib/engine/backend";
import { trainRun, type TrainRunRequest } from "../../lib/align/trainRun";
import { readCheckpoint } from "../../lib/model/checkpoint";
import { maskKinds } from "../../lib/preference/mask";
import { tinyModel, tinyPairs } from "../cli/data";
import { scratch, userError } from "../golden/fixtures";

const options = { ...paperTraining, lr: 1e-3, batch: 4, microbatch: 4, epochs: 1 };
const request = (out: string, changes: Partial<TrainRunRequest> = {}): TrainRunRequest => ({
  policyDir: tinyModel,
  pairs: tinyPairs(8),
  mask: "paper",
  options,
  seed: 1,
  out,
  ...changes,
});

before(() => startEngine());

test("every mask leaves a checkpoint of its own, of the same steps over the same pairs", async (t) => {
  const dir = scratch(t);
  const runs = [];
  const logpsDir = path.join(dir, "reference");
  for (const mask of maskKinds) runs.push(await trainRun(request(path.join(dir, mask), { mask, logpsDir })));
  assert.equal(readdirSync(logpsDir).length, 1, "the masks share one pass of the reference");
  const weights = runs.map(({ out }) => readFileSync(path.join(out, "model.safetensors")).toString("base64"));
  assert.equal(new Set(weights).size, maskKinds.length);
  for (const { out, logs, report } of runs) {
    const { config, extra } = readCheckpoint(out);
    assert.deepEqual([config, extra], [readCheckpoint(tinyModel).config, []]);
    assert.deepEqual(
      logs.map(({ step, steps, lr }) => [step, steps, lr]),
      runs[0]!.logs.map(({ step, steps, lr }) => [step, steps, lr]),
    );
    assert.deepEqual([report.pairs, report.kept], [8, 8]);
    assert.ok(Math.abs(logs[0]!.loss - Math.LN2) < 1e-5); // the policy starts as its reference
  }
  const [paper, none, inverted] = runs.map(({ logs }) => logs[0]!.maskedShare) as [number, number, number, number];
  assert.equal(none, 0);
  assert.ok(paper > 0 && inverted > 0);
});

test("a finished run is given back without a step; another seed is another run", async (t) => {
  const out = path.join(scratch(t), "policy");
  const first = await trainRun(request(out));
  const again = await trainRun(request(out), () => assert.fail("a step"));
  assert.deepEqual(again, first);
  await assert.rejects(
    trainRun(request(out, { seed: 2 })),
    userError(/run\.json: expected a run with seed = 2, got one with seed = 1/),
  );
});

test("whoever watches may stop it: nothing stays on the engine, and it goes on from its last checkpoint", async (t) => {
  const dir = scratch(t);
  const calm = await trainRun(request(path.join(dir, "calm"), { options: { ...options, epochs: 3 } }));
  const stopped = request(path.join(dir, "stopped"), { options: { ...options, epochs: 3 }, checkpointEvery: 2 });
  const count = tf.memory().numTensors;
  await assert.rejects(
    trainRun(stopped, ({ step }) => {
      if (step === 5) throw new Error("enough");
    }),
    /enough/,
  );
  assert.equal(tf.memory().numTensors, count);
  const seen: StepLog[] = [];
  const resumed = await trainRun(stopped, (log) => seen.push(log));
  assert.deepEqual(
    seen.map(({ step }) => step),
    [5, 6],
  );
  assert.deepEqual(
    resumed.logs.map(({ loss }) => loss),
    calm.logs.map(({ loss }) => loss),
  );
  assert.deepEqual(
    readFileSync(path.join(resumed.out, "model.safetensors")),
    readFileSync(path.join(calm.out, "model.safetensors")),
  );
});

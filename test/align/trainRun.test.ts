/** A training run on disk (killed ones: test/cli/kill.test.ts). */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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

test("whoever watches may stop it: nothing stays on the engine, and it goes on from the step it saw", async (t) => {
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
    [6],
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

const spoil = (file: string, edit: (bytes: Buffer) => Uint8Array): void =>
  writeFileSync(file, edit(readFileSync(file)));
/** One bit in the middle of the last tensor. */
const flipped = (bytes: Buffer): Buffer => {
  bytes[bytes.length - 41]! ^= 64;
  return bytes;
};

test("a run whose output or log was lost or spoilt is not finished: trained again, to the same bytes", async (t) => {
  const out = path.join(scratch(t), "policy");
  await trainRun(request(out));
  const weights = path.join(out, "model.safetensors");
  const log = path.join(`${out}.run`, "log.jsonl");
  const [before, logBefore] = [weights, log].map((file) => readFileSync(file));
  const harms: Record<string, () => void> = {
    "no folder": () => rmSync(out, { recursive: true }),
    "an empty folder": () => readdirSync(out).forEach((name) => rmSync(path.join(out, name))),
    "no weights": () => rmSync(weights),
    "cut weights": () => spoil(weights, (bytes) => bytes.subarray(0, 100)),
    "a flipped bit": () => spoil(weights, flipped),
    "no tokenizer": () => rmSync(path.join(out, "tokenizer.json")),
    "a cut log": () => spoil(log, (bytes) => bytes.subarray(0, bytes.indexOf(10) + 1)),
    "no record": () => rmSync(path.join(`${out}.run`, "finished.json")),
  };
  for (const [name, harm] of Object.entries(harms)) {
    harm();
    let steps = 0;
    const { logs } = await trainRun(request(out), () => void steps++);
    assert.deepEqual([steps, logs.length], [2, 2], name);
    assert.deepEqual(readFileSync(weights), before, name);
    assert.equal(rows(readFileSync(log)), rows(logBefore!), name);
  }
});

const rows = (log: Buffer): number => log.toString().trim().split("\n").length;

test("a state that is damaged, of another step, or ahead of its log is refused", async (t) => {
  const out = path.join(scratch(t), "policy");
  const stopped = request(out, { options: { ...options, epochs: 3 }, checkpointEvery: 2 });
  const stop = trainRun(stopped, ({ step }) => {
    if (step === 5) throw new Error("enough");
  });
  await assert.rejects(stop, /enough/);
  const state = path.join(`${out}.run`, "state.safetensors");
  const log = path.join(`${out}.run`, "log.jsonl");
  const [good, goodLog] = [readFileSync(state), readFileSync(log, "utf8")];
  const refused = (message: RegExp) =>
    assert.rejects(
      trainRun(stopped, () => assert.fail("a step")),
      userError(message),
    );
  spoil(state, flipped);
  await refused(
    /state\.safetensors: expected the training state of this configuration, as it was written, got one that is damaged/,
  );
  for (const step of ["9", "0", "x"]) {
    writeFileSync(state, Buffer.from(good.toString("latin1").replace('"step":"5"', `"step":"${step}"`), "latin1"));
    await refused(/got one of step (9|0|NaN) of 6/);
  }
  writeFileSync(state, Buffer.from(good.toString("latin1").replace('"step":"5"', '"step":"2"'), "latin1"));
  await refused(/got one that is damaged/);
  writeFileSync(state, good);
  const lines = goodLog.split("\n");
  for (const [kept, message] of [
    [lines.slice(0, 2), /log\.jsonl: expected every step from 1 to 5 once, in order, got 2 of them/],
    [[lines[0]!, ...lines], /got step 1 as number 2/],
    [[...lines.slice(0, 1), ...lines.slice(2)], /got step 3 as number 2/],
  ] as const) {
    writeFileSync(log, kept.join("\n"));
    await refused(message);
  }
  writeFileSync(log, goodLog);
  assert.equal((await trainRun(stopped)).logs.length, 6);
});

test("two processes do not train into one folder; a folder that was added to is not replaced", async (t) => {
  const out = path.join(scratch(t), "policy");
  let second: Promise<unknown> = Promise.resolve();
  await trainRun(request(out), ({ step }) => {
    if (step === 1)
      second = assert.rejects(trainRun(request(out)), userError(/log\.jsonl: expected no other process at work/));
  });
  await second;
  writeFileSync(path.join(out, "notes.md"), "mine");
  await trainRun(request(out), () => assert.fail("a step")); // finished all the same
  rmSync(path.join(`${out}.run`, "finished.json"));
  await assert.rejects(trainRun(request(out)), userError(/policy: expected no folder, .+ names no "notes\.md"/));
});

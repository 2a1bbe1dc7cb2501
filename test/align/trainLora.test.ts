/**
 * Training an adapter on disk: it starts at its reference, resumes bitwise, leaves the base alone, and merges by
 * command.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { paperTraining } from "../../lib/align/trainOptions";
import { startEngine } from "../../lib/engine/backend";
import { trainRun, type TrainRunRequest } from "../../lib/align/trainRun";
import { openCheckpoint, readCheckpoint } from "../../lib/model/checkpoint";
import { mergedTensors, type LoraConfig } from "../../lib/model/adapter/lora";
import { readAdapter } from "../../lib/model/adapter/peft";
import { mergeVerb } from "../../lib/steps/merge";
import { tinyModel, tinyPairs, writePairs } from "../cli/data";
import * as here from "../cli/here";
import { succeed } from "../cli/process";
import { scratch, userError } from "../golden/fixtures";

const lora: LoraConfig = { rank: 4, alpha: 8, targets: ["q_proj", "v_proj", "down_proj"], rslora: false };
const options = { ...paperTraining, lr: 1e-2, batch: 4, microbatch: 2, epochs: 3 };
const request = (out: string, changes: Partial<TrainRunRequest> = {}): TrainRunRequest => ({
  policyDir: tinyModel,
  pairs: tinyPairs(8),
  mask: "paper",
  options,
  seed: 1,
  out,
  lora,
  checkpointEvery: 2,
  ...changes,
});
const { config } = readCheckpoint(tinyModel);
const adapterBytes = (dir: string) => readFileSync(path.join(dir, "adapter_model.safetensors"));

before(() => startEngine());

test("starts at ln 2, learns, and stopped half-way ends with the bytes of an undisturbed run", async (t) => {
  const dir = scratch(t);
  const count = tf.memory().numTensors;
  const calm = await trainRun(request(path.join(dir, "calm")));
  assert.equal(tf.memory().numTensors, count);
  assert.ok(Math.abs(calm.logs[0]!.loss - Math.LN2) < 1e-6, String(calm.logs[0]!.loss));
  assert.ok(calm.logs.at(-1)!.loss < 0.5, String(calm.logs.at(-1)!.loss));
  const stopped = request(path.join(dir, "stopped"));
  await assert.rejects(
    trainRun(stopped, ({ step }) => {
      if (step === 5) throw new Error("enough");
    }),
    /enough/,
  );
  assert.equal(tf.memory().numTensors, count);
  const resumed = await trainRun(stopped);
  assert.deepEqual(adapterBytes(resumed.out), adapterBytes(calm.out));
  assert.deepEqual(readAdapter(calm.out, config).config, lora);
  assert.deepEqual(await trainRun(stopped, () => assert.fail("a step")), resumed);
  await assert.rejects(
    trainRun({ ...stopped, lora: { ...lora, rank: 2 } }),
    userError(/lora\.rank = 2, got one with lora\.rank = 4/),
  );
  await assert.rejects(trainRun({ ...stopped, lora: undefined }), userError(/run\.json: expected a run with lora/));
});

test("gradient checkpointing changes no byte, and a run goes on with or without it", async (t) => {
  const dir = scratch(t);
  for (const lora of [undefined, request("").lora]) {
    const at = (name: string) => path.join(dir, `${name}-${lora ? "adapter" : "whole"}`);
    const file = lora ? "adapter_model.safetensors" : "model.safetensors";
    const calm = await trainRun(request(at("calm"), { lora }));
    const stopped = request(at("stopped"), { lora, gradientCheckpointing: true });
    await assert.rejects(
      trainRun(stopped, ({ step }) => {
        if (step === 3) throw new Error("enough");
      }),
      /enough/,
    );
    await trainRun({ ...stopped, gradientCheckpointing: false });
    await trainRun({ ...stopped, out: at("saving") });
    for (const name of ["stopped", "saving"])
      assert.deepEqual(readFileSync(path.join(at(name), file)), readFileSync(path.join(calm.out, file)));
  }
});

test("a run goes on with another microbatch: the same losses up to rounding", async (t) => {
  const dir = scratch(t);
  const calm = await trainRun(request(path.join(dir, "calm")));
  const stopped = request(path.join(dir, "stopped"));
  await assert.rejects(
    trainRun(stopped, ({ step }) => {
      if (step === 3) throw new Error("enough");
    }),
    /enough/,
  );
  const { logs } = await trainRun({ ...stopped, options: { ...options, microbatch: 1 } });
  assert.equal(logs.length, calm.logs.length);
  logs.forEach(({ loss }, i) => assert.ok(Math.abs(loss - calm.logs[i]!.loss) < 1e-5));
  await assert.rejects(trainRun({ ...stopped, options: { ...options, batch: 2 } }), userError(/options\.batch = 2/));
});

test("an adapter and all weights share the reference's log-probabilities", async (t) => {
  const dir = scratch(t);
  const logpsDir = path.join(dir, "reference");
  await trainRun(request(path.join(dir, "adapter"), { logpsDir }));
  await trainRun(request(path.join(dir, "whole"), { logpsDir, lora: undefined }));
  assert.equal(readdirSync(logpsDir).length, 1);
});

test("by command: train --lora-rank, merge; an adapter is no checkpoint", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const at = (name: string) => path.join(dir, name);
  const pairs = writePairs(at("pairs.jsonl"), 8);
  const train = [
    "train",
    "--model",
    tinyModel,
    "--pairs",
    pairs,
    "--lr",
    "1e-2",
    "--batch",
    "4",
    "--out",
    at("adapter"),
  ];
  await here.succeed([
    ...train,
    "--lora-rank",
    "2",
    "--lora-alpha",
    "3",
    "--lora-targets",
    "v_proj,up_proj",
    "--lora-rslora",
  ]);
  const adapter = readAdapter(at("adapter"), config);
  assert.deepEqual(adapter.config, { rank: 2, alpha: 3, targets: ["v_proj", "up_proj"], rslora: true });
  assert.match(
    await succeed(["merge", "--model", tinyModel, "--adapter", at("adapter"), "--out", at("merged")]),
    /^merged policy in /,
  );
  for (const [name, tensor] of mergedTensors(openCheckpoint(tinyModel), adapter))
    assert.deepEqual(readCheckpoint(at("merged")).tensors.get(name)!.data, tensor.data, name);
  mergeVerb({ model: tinyModel, adapter: at("adapter"), out: at("again") });
  assert.deepEqual(
    readFileSync(path.join(at("again"), "model.safetensors")),
    readFileSync(path.join(at("merged"), "model.safetensors")),
  );
  await here.refuse(
    ["logps", "--model", at("adapter"), "--pairs", pairs, "--out", at("logps.jsonl")],
    /got an adapter/,
  );
  await here.refuse(
    ["merge", "--model", tinyModel, "--adapter", tinyModel, "--out", at("none")],
    /adapter_config\.json/,
  );
  await here.refuse([...train, "--lora-alpha", "3"], /a rank with the other --lora options/);
});

/** Trainings that are refused, and a disk that is full. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import { inOrder } from "../golden/fixtures";
import { tinyModel, tinyPairs, writeQuestions } from "./data";
import { refuse, succeed } from "./here";
import * as alone from "./process";
import { filesBelow } from "./process";
import { env, old, bench } from "./refusal";

test(
  "training: no pair left by the mask, a diverging run, foreign folders, another configuration",
  { timeout: 60_000 },
  async (t) => {
    const { dir, pairs, questions, out } = bench(t);
    const train = (to: string, ...more: string[]) => [
      "train",
      "--model",
      tinyModel,
      "--pairs",
      pairs,
      "--out",
      path.join(dir, to),
      "--batch",
      "2",
      ...more,
    ];
    await t.test("every pair emptied by the mask", () => {
      const empty = path.join(dir, "empty.jsonl");
      writeJsonl(
        empty,
        tinyPairs(2).map((pair) => ({
          ...pair,
          rejected: {
            ...pair.rejected,
            sentences: pair.rejected.sentences.map((s) => ({ ...s, verdict: "supported" })),
          },
        })),
      );
      return refuse(
        ["train", "--model", tinyModel, "--pairs", empty, "--out", path.join(dir, "policy")],
        /pairs: expected at least one pair to train on, got 2 pairs, of which the mask empties a side of 2/,
        env,
      );
    });
    await t.test("a loss that is not finite names its pairs and keeps the last checkpoint", async () => {
      await refuse(
        train(
          "diverged",
          "--lr",
          "1",
          "--weight-decay",
          "1000",
          "--warmup",
          "0",
          "--checkpoint-every",
          "1",
          "--epochs",
          "9",
        ),
        /train: expected a finite (loss|gradient), got a non-finite one for pairs q\d.*The last checkpoint is kept\.$/,
        env,
      );
      const state = readSafetensors(path.join(dir, "diverged.run", "state.safetensors"));
      assert.ok(Number(state.metadata["step"]) >= 1);
      assert.ok(state.get("weights").data.every(Number.isFinite), "the checkpoint must be usable");
      assert.ok(!existsSync(path.join(dir, "diverged")));
    });
    await t.test("the run folder of another configuration", async () => {
      await succeed(train("policy", "--epochs", "1"), env);
      const weights = readFileSync(path.join(dir, "policy", "model.safetensors"));
      await refuse(
        train("policy", "--epochs", "2"),
        inOrder(
          /policy\.run\/run\.json: expected a run with options\.epochs = 2, got one with options\.epochs = 1\. /,
          /Use another output, or delete \S+policy and \S+policy\.run to start again/,
        ),
        env,
      );
      assert.deepEqual(readFileSync(path.join(dir, "policy", "model.safetensors")), weights);
    });
    await t.test("an output that no run of ours began", async () => {
      mkdirSync(path.join(dir, "precious"));
      writeFileSync(path.join(dir, "precious", "thesis.txt"), "years of work");
      await refuse(train("precious"), /precious: expected nothing there, .+, got something else/, env);
      await refuse(
        ["sample", "--model", tinyModel, "--questions", questions, "--out", out],
        /out\.jsonl: expected nothing there, .+, got something else/,
        env,
      );
      assert.deepEqual(filesBelow(path.join(dir, "precious")), ["thesis.txt"]);
      assert.equal(readFileSync(out, "utf8"), old);
    });
    await t.test("the policy's own folder as output", () =>
      refuse(
        ["train", "--model", path.join(dir, "policy"), "--pairs", pairs, "--out", path.join(dir, "policy")],
        /policy: expected an output folder of its own/,
        env,
      ),
    );
  },
);

test("a full disk: one message that names the output; what was there stays", { timeout: 60_000 }, async (t) => {
  let disk = "";
  t.after(() => disk && spawnSync("umount", [disk])); // before the folder is removed
  const { dir, pairs } = bench(t);
  disk = path.join(dir, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=700k", "tmpfs", disk]).status !== 0)
    return t.skip("a file system of limited size cannot be mounted here");
  const questions = writeQuestions(path.join(dir, "many.jsonl"), 40);
  writeFileSync(path.join(disk, "logps.jsonl"), old);

  const train = [
    "train",
    "--model",
    tinyModel,
    "--pairs",
    pairs,
    "--out",
    path.join(disk, "policy"),
    "--batch",
    "2",
    "--epochs",
    "2",
    "--checkpoint-every",
    "1",
  ];
  await succeed(
    [...train.slice(0, -2), "--checkpoint-every", "100"].map((x) => x.replace(disk, dir)),
    env,
  );
  await refuse(
    train,
    /disk\/policy.*: expected space to write to, got ENOSPC: .+\. Free some space and run the same command again/,
    env,
  );
  assert.deepEqual(
    filesBelow(disk).filter((name) => /\.tmp$|\.new/.test(name)),
    [],
  );
  const sample = [
    "sample",
    "--model",
    tinyModel,
    "--questions",
    questions,
    "--out",
    path.join(disk, "candidates.jsonl"),
    "--k",
    "64",
    "--max-new-tokens",
    "40",
  ];
  await alone.refuse(sample, /candidates\.jsonl: expected space to write to, got ENOSPC/, env);
  const lines = readFileSync(path.join(disk, "candidates.jsonl"), "utf8");
  assert.ok(lines.endsWith("\n"), "half a row");
  assert.equal((lines.split("\n").length - 1) % 64, 0, "part of a question's rows");
  assert.throws(() => {
    for (;;) appendFileSync(path.join(disk, "filler"), Buffer.alloc(4096));
  }, /ENOSPC/); // what sampling gave back
  await refuse(
    ["logps", "--model", tinyModel, "--pairs", pairs, "--out", path.join(disk, "logps.jsonl")],
    /logps\.jsonl: expected space to write to, got ENOSPC/,
    env,
  );
  assert.equal(readFileSync(path.join(disk, "logps.jsonl"), "utf8"), old);

  rmSync(path.join(disk, "filler"));
  assert.equal(spawnSync("mount", ["-o", "remount,size=9m", disk]).status, 0);
  await succeed(train, env); // goes on once there is space
  assert.deepEqual(
    readFileSync(path.join(disk, "policy", "model.safetensors")),
    readFileSync(path.join(dir, "policy", "model.safetensors")),
  );
});

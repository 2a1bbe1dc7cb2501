/** Killed at any moment and started again, a command ends with the bytes it would have written undisturbed. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { StepLog } from "../../lib/align/trainOptions";
import { scratch } from "../golden/fixtures";
import { tinyModel, writePairs, writeQuestions } from "./data";
import { succeed } from "./here";
import { filesBelow, linesOf, rowsOf, run, start, startNode, until } from "./process";

const env = { ENGINE: "wasm" }; // a kill is no business of the engine's, and this one starts soonest
const killed = async (args: readonly string[], moment: string): Promise<void> => {
  const { signal, stderr } = await run(args, { ...env, KILL_AT: moment });
  assert.equal(signal, "SIGKILL", `not killed at "${moment}": ${stderr}`);
};
const untimed = (logs: StepLog[]) => logs.map(({ tokensPerSecond: _, etaSeconds: __, ...log }) => log);

test(
  "train, killed eight times, ends with bitwise the weights of an undisturbed run and every step logged once",
  { timeout: 120_000 },
  async (t) => {
    const dir = scratch(t);
    const pairs = writePairs(path.join(dir, "pairs.jsonl"), 24);
    const train = (out: string) => [
      "train",
      "--model",
      tinyModel,
      "--pairs",
      pairs,
      "--out",
      out,
      "--lr",
      "1e-3",
      "--batch",
      "4",
      "--microbatch",
      "2",
      "--checkpoint-every",
      "2",
    ];
    const calm = path.join(dir, "calm"),
      out = path.join(dir, "out");
    const log = path.join(`${out}.run`, "log.jsonl");
    await succeed(train(calm), env);

    await killed(train(out), "write log.jsonl 1"); // before there is any checkpoint
    await killed(train(out), "write state.safetensors 1"); // while the first one is written
    assert.ok(!existsSync(path.join(`${out}.run`, "state.safetensors")));
    await killed(train(out), "rename state.safetensors 3"); // written, not yet in place: the log is ahead of the state
    assert.equal(linesOf(log), 6);
    const running = start(train(out), env);
    await until(() => linesOf(log) >= 8, running);
    running.child.kill("SIGKILL"); // wherever it is
    assert.equal((await running.ended).signal, "SIGKILL");
    await killed(train(out), "renamed state.safetensors 2"); // just after
    await killed(train(out), "write model.safetensors 1"); // while the result is written
    assert.ok(!existsSync(out), "a half-written result");
    await killed(train(out), "rename out.mask-dpo-new 1"); // written, not yet in place
    await killed(train(out), "rm state.safetensors 1"); // in place, but the run does not yet count as finished
    await succeed(train(out), env);

    for (const name of ["model.safetensors", "config.json", "tokenizer.json"])
      assert.deepEqual(readFileSync(path.join(out, name)), readFileSync(path.join(calm, name)), name);
    const logs = rowsOf<StepLog>(log);
    assert.deepEqual(
      logs.map(({ step }) => step),
      Array.from({ length: 18 }, (_, i) => i + 1),
    );
    assert.deepEqual(untimed(logs), untimed(rowsOf<StepLog>(path.join(`${calm}.run`, "log.jsonl"))));
    assert.deepEqual(filesBelow(`${out}.run`), filesBelow(`${calm}.run`), "nothing half-written is left");
    assert.deepEqual(
      filesBelow(dir).filter((name) => !name.includes("/")),
      ["calm", "calm.run", "out", "out.run", "pairs.jsonl"],
    );

    const before = readFileSync(log);
    assert.match(await succeed(train(out), env), /18 steps/); // finished: nothing is computed again
    assert.deepEqual(readFileSync(log), before);
  },
);

test("sample, killed while it writes, loses, doubles and halves no row", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const questions = writeQuestions(path.join(dir, "questions.jsonl"), 9);
  const sample = (out: string) => [
    "sample",
    "--model",
    tinyModel,
    "--questions",
    questions,
    "--out",
    out,
    "--k",
    "4",
    "--max-new-tokens",
    "12",
  ];
  const calm = path.join(dir, "calm.jsonl"),
    out = path.join(dir, "out.jsonl");
  await succeed(sample(calm), env);
  await killed(sample(out), "write out.jsonl 1");
  await killed(sample(out), "write out.jsonl 4");
  const left = linesOf(out);
  assert.ok(left > 8 && left % 4 !== 0, `the kill should leave part of a question's rows, left ${left}`);
  await killed(sample(out), "write out.jsonl 3");
  await succeed(sample(out), env);
  const sorted = (file: string) => readFileSync(file, "utf8").split("\n").filter(Boolean).sort();
  assert.equal(sorted(out).length, 36);
  assert.deepEqual(sorted(out), sorted(calm));
});

test(
  "pretraining, killed while a checkpoint is written, ends with bitwise the same base",
  { timeout: 60_000 },
  async (t) => {
    const dir = scratch(t);
    // on the engine of every process here: it may share memory with the arrays that a state is read into
    const pretrain = (out: string) => ["--import", "tsx", path.join(__dirname, "pretrainTiny.ts"), out];
    const calm = path.join(dir, "calm"),
      out = path.join(dir, "out");
    const calmRun = startNode(pretrain(calm)).ended;
    for (const moment of ["write state.safetensors 2", "renamed state.safetensors 1", "write model.safetensors 1"]) {
      const { signal, stderr } = await startNode(pretrain(out), { KILL_AT: moment }).ended;
      assert.equal(signal, "SIGKILL", `not killed at "${moment}": ${stderr}`);
    }
    assert.equal((await startNode(pretrain(out)).ended).code, 0);
    assert.equal((await calmRun).code, 0);
    assert.deepEqual(
      readFileSync(path.join(out, "model.safetensors")),
      readFileSync(path.join(calm, "model.safetensors")),
    );
  },
);

/** Ctrl-C ends a long command with 130 and one line, soon, and leaves a run that goes on where it was. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inOrder, scratch } from "../golden/fixtures";
import { tinyModel, writePairs, writeQuestions } from "./data";
import { succeed } from "./here";
import { linesOf, start, until } from "./process";

/** Starts it, waits until it has got somewhere, presses Ctrl-C, or ends it by another signal. */
async function interrupt(
  args: readonly string[],
  somewhere: () => boolean,
  [by, ends]: [NodeJS.Signals, number] = ["SIGINT", 130],
  says = /interrupted: what is finished is kept; run the same command again to go on\n$/,
): Promise<RegExpExecArray> {
  const running = start(args);
  await until(somewhere, running);
  const pressed = Date.now();
  running.child.kill(by);
  const { code, signal, stderr } = await running.ended;
  assert.deepEqual([code, signal], [ends, null], stderr);
  assert.ok(Date.now() - pressed < 5000, `${Date.now() - pressed} ms until it ended`);
  assert.match(stderr, says);
  return says.exec(stderr)!;
}

test("train", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 40);
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
    "2",
    "--epochs",
    "5",
    "--checkpoint-every",
    "5",
  ];
  const calm = path.join(dir, "calm");
  const out = path.join(dir, "out");
  const log = path.join(`${out}.run`, "log.jsonl");
  const says = /interrupted after step (\d+) of 100; run the same command again to go on\n$/;
  for (const [by, steps] of [
    [["SIGINT", 130], 10],
    [["SIGTERM", 143], 30],
    [["SIGHUP", 129], 50],
  ] as const) {
    const said = by[0] === "SIGHUP" ? inOrder(/the terminal was closed; `setsid -f [^]*/, says) : says;
    const [, step] = await interrupt(train(out), () => linesOf(log) >= steps, [...by], said);
    assert.equal(linesOf(log), Number(step), "the step it was in is kept");
    assert.ok(!existsSync(out));
  }
  for (const to of [out, calm]) await succeed(train(to));
  assert.deepEqual(
    readFileSync(path.join(out, "model.safetensors")),
    readFileSync(path.join(calm, "model.safetensors")),
  );
  assert.equal(linesOf(log), 100);
});

test("sample", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const questions = writeQuestions(path.join(dir, "questions.jsonl"), 30);
  const sample = (out: string) => [
    "sample",
    "--model",
    tinyModel,
    "--questions",
    questions,
    "--out",
    out,
    "--k",
    "16",
    "--max-new-tokens",
    "60",
  ];
  const calm = path.join(dir, "calm.jsonl");
  const out = path.join(dir, "out.jsonl");
  await interrupt(sample(out), () => linesOf(out) >= 16);
  await interrupt(sample(out), () => existsSync(`${out}.mask-dpo-lock`), ["SIGTERM", 143]);
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.includes("lock")),
    [],
  );
  assert.ok(linesOf(out) < 30 * 16, "it was done before it was interrupted");
  for (const to of [out, calm]) await succeed(sample(to));
  const sorted = (file: string) => readFileSync(file, "utf8").split("\n").filter(Boolean).sort();
  assert.deepEqual(sorted(out), sorted(calm));
});

/** Whatever goes wrong, the command line says it in one line, without a stack. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { UserError } from "../../lib/base/check";
import { projectRoot } from "../../lib/base/files";
import { explain } from "../../lib/cli/explain";
import { scratch } from "../golden/fixtures";
import { tinyModel, writePairs, writeQuestions } from "./data";
import { refuse } from "./here";
import * as alone from "./process";
import { env } from "./refusal";

const form = /^(.+: )?expected .+, got .+\. \S.+\.$/;
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
};
const nested = (): unknown => [nested()];

const errors: [what: string, error: unknown, says: RegExp][] = [
  [
    "a mistake of ours",
    thrown(() => (undefined as unknown as string).length),
    /got TypeError: .+ at test\/cli\/explain/,
  ],
  ["a message of several lines", new Error("one\n    at two (x.js:1:2)\nthree"), /got Error: one at two/],
  ["too deep", thrown(nested), /expected input that is nested less deep, got RangeError: Maximum call stack/],
  ["too long a text", thrown(() => "ab".repeat(2 ** 29)), /expected what one process can hold, got RangeError/],
  ["too large an array", thrown(() => new Float32Array(2 ** 53 - 1)), /expected what one process can hold/],
  [
    "a file of more than a string",
    Object.assign(new Error("x"), { code: "ERR_STRING_TOO_LONG" }),
    /one process can hold/,
  ],
  ["a system call", thrown(() => readFileSync("/none/such")), /^\/none\/such: expected to open it, got ENOENT/],
  ["a string", "no error at all", /got Error: no error at all/],
  ["nothing", undefined, /got Error: undefined/],
  [
    "one for users",
    new UserError({ where: "x", expected: "a", got: "b", fix: "Do it." }),
    /^x: expected a, got b\. Do it\.$/,
  ],
];
for (const [what, error, says] of errors)
  test(`explained in one line: ${what}`, () => {
    const line = explain(error);
    assert.match(line, form);
    assert.match(line, says);
    assert.doesNotMatch(line, /\n|\bat .+\(.+:\d+:\d+\)$/);
  });

/** As `refuse`, in a process of its own, with a module that is loaded first. */
async function refuseWith(preload: string, dir: string, message: RegExp): Promise<void> {
  const file = path.join(dir, "preload.cjs");
  writeFileSync(file, preload);
  const command = path.join(projectRoot, "lib/cli/mask-dpo.mjs");
  const { code, stderr } = await alone.startNode(["--require", file, command, "doctor"], env).ended;
  assert.equal(code, 1, stderr);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.match(stderr, message);
}

test("errors and rejections that nobody caught", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const fails = 'const fail = () => { throw new TypeError("strange\\nthing") };';
  const says = /^mask-dpo: expected no error that mask-dpo does not know, got TypeError: strange thing\. Please report/;
  const once = `process.once('newListener', () => 0);
    const begun = setInterval(
      () => process.listenerCount(EVENT) && (clearInterval(begun), setImmediate(WORK)),
      1,
    );`;
  const when = (event: string, work: string): string =>
    fails + once.replace("EVENT", `"${event}"`).replace("WORK", work);
  await refuseWith(when("uncaughtException", "fail"), dir, says);
  await refuseWith(when("unhandledRejection", "async () => fail()"), dir, says);
});

test("a worker that the system kills is said, with a word about memory", { timeout: 60_000 }, async (t) => {
  if (process.platform !== "linux") return t.skip("children are found in /proc");
  const dir = scratch(t);
  const questions = writeQuestions(path.join(dir, "questions.jsonl"), 60);
  const out = path.join(dir, "out.jsonl");
  const sample = ["sample", "--model", tinyModel, "--questions", questions, "--k", "64", "--out", out];
  const running = alone.start(sample, env);
  t.after(() => running.child.kill("SIGKILL"));
  const { pid } = running.child;
  let worker: number | undefined;
  const found = (): boolean => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    const one = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("sampleWorker"));
    return (worker = one === undefined ? undefined : Number(one)) !== undefined;
  };
  await alone.until(found, running);
  process.kill(worker!, "SIGKILL");
  const { code, stderr } = await running.ended;
  assert.equal(code, 1);
  const lines = stderr.split("\n").filter((line) => line !== "" && !/\d+\/\d+/.test(line));
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0]!, /^mask-dpo: expected worker processes .+ ended early \(SIGKILL\)\. If memory ran out/);
});

test("a disk that cannot be written is called that", { timeout: 60_000 }, async (t) => {
  const dir = scratch(t);
  const disk = path.join(dir, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", disk]).status !== 0)
    return t.skip("a disk can be mounted by root alone");
  try {
    const pairs = writePairs(path.join(dir, "pairs.jsonl"), 2);
    const questions = writeQuestions(path.join(dir, "questions.jsonl"), 2);
    for (const out of [path.join(disk, "out"), path.join(disk, "far/away/out")])
      for (const verb of [
        ["inspect", "--model", tinyModel, "--pairs", pairs],
        ["train", "--model", tinyModel, "--pairs", pairs],
        ["sample", "--model", tinyModel, "--questions", questions],
        ["export", "--to", "trl", "--pairs", pairs],
      ])
        await refuse([...verb, "--out", out], /disk\/.+: expected a disk that can be written, got EROFS/, env);
  } finally {
    spawnSync("umount", [disk]);
  }
  assert.deepEqual(readdirSync(disk), []);
});

test("a reader that has seen enough is no error", async () => {
  const running = alone.start(["train", "--help"]);
  running.child.stdout!.destroy();
  const { code, stderr } = await running.ended;
  assert.equal(stderr, "");
  assert.ok(code === 141 || code === 0, `${code}`);
});

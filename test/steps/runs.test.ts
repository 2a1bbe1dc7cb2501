/** Run folders seen from outside: found by prefix, compared, removed; links, damage and strangers are left alone. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { codeVersions } from "../../lib/base/codeVersions";
import { claimBeside, runFolder } from "../../lib/base/runFolder";
import { findRun, listRuns, oldRuns, removeRun, sizeText } from "../../lib/steps/runs/runs";
import { toText } from "../../lib/show/table";
import { diffTable, runsTable, showRun } from "../../lib/steps/runs/text";
import { scratch, userError } from "../golden/fixtures";

const HOUR = 3_600_000;
const now = Date.UTC(2026, 0, 2);

/** Sets the time of everything in a folder. */
function age(dir: string, ms: number): void {
  for (const name of [".", ...readdirSync(dir, { recursive: true, encoding: "utf8" })])
    utimesSync(path.join(dir, name), (now - ms) / 1000, (now - ms) / 1000);
}

function training(root: string, hash = "ab12cd34"): string {
  const out = path.join(root, `train-${hash}`);
  const dir = claimBeside(out, { mask: "paper", seed: 1, options: { lr: 1e-4 }, code: codeVersions("training") });
  writeFileSync(path.join(dir, "log.jsonl"), [1, 2, 3, 4].map((step) => `{"step":${step},"steps":4}\n`).join(""));
  mkdirSync(out);
  writeFileSync(path.join(out, "model.safetensors"), Buffer.alloc(5000));
  return out;
}

test("every run is listed with kind, size, state and configuration; the newest first", (t) => {
  const root = scratch(t);
  const at = path.join.bind(path, root);
  assert.deepEqual(listRuns(path.join(root, "none")), []);
  const candidates = runFolder(root, "candidates", { policy: "f".repeat(64), k: 4, sampling: { temperature: 0.8 } });
  writeFileSync(path.join(candidates, "candidates.jsonl"), "{}\n{}\n{}\n");
  const pairs = runFolder(root, "pairs", { pairs: "e".repeat(64) });
  training(root);
  mkdirSync(at("reference"));
  mkdirSync(at("pairs-00000000"));
  for (const [dir, hours] of [
    [candidates, 2],
    [at("train-ab12cd34"), 1],
    [at("train-ab12cd34.run"), 50],
    [pairs, 75],
  ] as const)
    age(dir, hours * HOUR);
  const runs = listRuns(root);
  assert.deepEqual(
    runs.map(({ name }) => name),
    ["train-ab12cd34.run", path.basename(candidates), path.basename(pairs)],
  );
  const { rows, caption } = runsTable(runs, now);
  assert.deepEqual(
    rows.map(({ kind, age, state, what }) => [kind, age, state, what]),
    [
      ["train", "1 h 00 min", "finished", "mask paper, seed 1, lr 0.0001"],
      ["candidates", "2 h 00 min", "3 rows", "policy ffffffff, k 4, temperature 0.8"],
      ["pairs", "3 d", "empty", "pairs eeeeeeee"],
    ],
  );
  assert.match(caption, /^3 runs, 5\.\d kB$/);
  assert.deepEqual(
    rows.map(({ code }) => code),
    ["", "older: not used", "older: not used"],
  );
  const experiment = runFolder(root, "experiment", { mask: "none" });
  mkdirSync(path.join(experiment, "policy.run"));
  writeFileSync(path.join(experiment, "policy.run/log.jsonl"), '{"step":1}\n');
  const states = () => runsTable(listRuns(root, "experiment"), now).rows.map(({ state }) => state);
  assert.deepEqual(states(), ["unfinished"]);
  writeFileSync(path.join(experiment, "result.json"), "{}");
  assert.deepEqual(states(), ["finished"]);
  assert.match(showRun(findRun(root, "experiment"), now), /last rows of log\.jsonl:\n\{"step":1\}$/);
  writeFileSync(at("train-ab12cd34.run/state.safetensors"), "");
  assert.equal(runsTable(listRuns(root, "train"), now).rows[0]!.state, "unfinished");
  assert.deepEqual([0, 999, 1000, 2_500_000, 7e12].map(sizeText), ["0 B", "999 B", "1.0 kB", "2.5 MB", "7000.0 GB"]);
});

test("a run is found by its name or the beginning of its hash; none and several are errors", (t) => {
  const root = scratch(t);
  for (const hash of ["ab12cd34", "ab99cd34", "cc000000"]) training(root, hash);
  assert.equal(findRun(root, "ab1").name, "train-ab12cd34.run");
  assert.equal(findRun(root, "train-cc").name, "train-cc000000.run");
  assert.equal(findRun(root, "train-ab12cd34.run").hash, "ab12cd34");
  assert.throws(
    () => findRun(root, "ab"),
    userError(/one run whose hash or name begins with "ab", got 2: train-ab\S+, train-ab\S+\. Give more of it/),
  );
  for (const unknown of ["", "ff", "../x", "reference"])
    assert.throws(() => findRun(root, unknown), userError(/got none\. `mask-dpo runs ls` lists them/));
});

test("show has configuration, files and the last rows; diff the keys that differ", (t) => {
  const root = scratch(t);
  training(root);
  const text = showRun(findRun(root, "ab12"), Date.now());
  assert.match(text, /^train-ab12cd34\.run: finished, 5\.\d kB, last written \d+ s ago\n/);
  assert.ok(text.includes('  "mask": "paper"') && text.includes("5.0 kB  train-ab12cd34/model.safetensors"));
  assert.match(
    text,
    /last rows of log\.jsonl:\n\{"step":2,"steps":4\}\n\{"step":3,"steps":4\}\n\{"step":4,"steps":4\}$/,
  );
  const long = "x".repeat(200);
  const [a, b] = [
    { seed: 1, text: `${long}a`, options: { lr: 1 } },
    { seed: 1, text: `${long}b`, options: { lr: 2, beta: 0.1 } },
  ].map((key) => findRun(root, path.basename(runFolder(root, "candidates", key))));
  assert.deepEqual(
    diffTable(a!, b!).rows.map(({ name, a, b }) => [name, (a as string).slice(0, 7), (b as string).slice(0, 7)]),
    [
      ["text", '"xxxxxx', '"xxxxxx'],
      ["options.lr", "1", "2"],
      ["options.beta", "nothing", "0.1"],
    ],
  );
  assert.match(toText(diffTable(a!, a!)), /do not differ/);
});

test("gc: only what is old enough, its output with it", (t) => {
  const root = scratch(t);
  const at = path.join.bind(path, root);
  for (const hash of ["ab12cd34", "cc000000"]) training(root, hash);
  const pairs = runFolder(root, "pairs", {});
  for (const name of ["train-ab12cd34", "train-ab12cd34.run"]) age(at(name), 10 * HOUR);
  age(pairs, 10 * HOUR);
  age(at("train-cc000000.run"), 10 * HOUR); // its output is new
  assert.deepEqual(oldRuns(root, now - 11 * HOUR), []);
  assert.deepEqual(
    oldRuns(root, now - 5 * HOUR, "train").map(({ name }) => name),
    ["train-ab12cd34.run"],
  );
  const old = oldRuns(root, now - 5 * HOUR);
  assert.equal(old.length, 2);
  for (const run of old) removeRun(run);
  assert.deepEqual(readdirSync(root).sort(), ["train-cc000000", "train-cc000000.run"]);
});

test("links are neither listed nor followed; what has no run.json, or a damaged one, is never removed", (t) => {
  const root = scratch(t);
  const outside = scratch(t);
  const at = path.join.bind(path, root);
  writeFileSync(path.join(outside, "run.json"), "{}");
  writeFileSync(path.join(outside, "precious"), Buffer.alloc(9000));
  symlinkSync(outside, at("pairs-11111111"));
  const holder = runFolder(root, "pairs", { links: "inside" });
  symlinkSync(outside, path.join(holder, "out"));
  symlinkSync(path.join(outside, "precious"), path.join(holder, "pairs.jsonl"));
  symlinkSync(at("gone"), path.join(holder, "dangling"));
  claimBeside(at("train-22222222"), {});
  symlinkSync(outside, at("train-22222222"));
  for (const name of [
    "pairs-33333333",
    "pairs-44444444",
    "pairs-55555555",
    "pairs-66666666",
    "pairs-77777777",
    "Pairs-88888888",
    "pairs-8888",
    "train-99999999",
  ])
    mkdirSync(at(name));
  writeFileSync(at("pairs-44444444/run.json"), "{ not json");
  writeFileSync(at("pairs-55555555/run.json"), `{"x":"${"y".repeat(1_000_001)}"}`);
  symlinkSync(path.join(outside, "run.json"), at("pairs-66666666/run.json"));
  writeFileSync(at("pairs-77777777/run.json"), `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  for (const name of ["Pairs-88888888", "pairs-8888"]) writeFileSync(at(name, "run.json"), "{}");
  mkdirSync(at("pairs-33333333/run.json"));

  const problems = Object.fromEntries(listRuns(root).map(({ name, problem }) => [name, problem]));
  assert.deepEqual(problems, {
    [path.basename(holder)]: undefined,
    "train-22222222.run": undefined,
    "pairs-33333333": "damaged: run.json is no file",
    "pairs-44444444": "damaged: run.json is not JSON",
    "pairs-55555555": "damaged: run.json has 1.0 MB",
    "pairs-66666666": "damaged: run.json is no file",
    "pairs-77777777": "damaged: run.json is not JSON",
  });
  assert.throws(
    () => showRun(findRun(root, "4444"), now),
    userError(/pairs-44444444.run\.json: expected the configuration of a run, got damaged: run\.json is not JSON/),
  );
  toText(runsTable(listRuns(root), now));
  assert.ok(findRun(root, path.basename(holder)).bytes < 100);
  const before = readdirSync(root).filter((name) => name !== path.basename(holder) && name !== "train-22222222.run");
  for (const run of oldRuns(root, Infinity)) removeRun(run);
  assert.deepEqual(readdirSync(root).sort(), before.sort());
  assert.ok(!existsSync(holder));
  assert.deepEqual(readdirSync(outside).sort(), ["precious", "run.json"]);
});

test("control characters of a file do not reach the terminal", (t) => {
  const root = scratch(t);
  const dir = runFolder(root, "pairs", { note: "\u001b[2J\u009b" });
  writeFileSync(path.join(dir, "a\u001b[31m"), "");
  writeFileSync(path.join(dir, "log.jsonl"), "\u001b[2J\u0007\n");
  const run = findRun(root, path.basename(dir));
  for (const text of [showRun(run, now), toText(runsTable([run], now))])
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text), text);
});

/**
 * What `npm test` runs after the set-up: every stage in order (some start together; each one's time is how long it was
 * waited for), all of them even after a failure, then a summary.
 *
 *   node test/run.mjs                  everything
 *   node test/run.mjs --only align     only the test files whose path contains "align"; no other stage
 *   node test/run.mjs --node 22,24,26  only what is tried on those Node versions (test/node)
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CONCURRENCY = 2;
const TYPESCRIPT = ["--require", "./lib/base/typescript.cjs"];
/**
 * Folders whose test files run in one process each: they leave nothing behind in it, and starting one for every file
 * takes about as long as they do.
 */
const TOGETHER = [
  "base",
  "evaluation",
  "factuality",
  "model",
  "paper",
  "preference",
  "steps",
  "text",
  "topic",
  "world",
];

/**
 * Files below `folder` that end in `suffix`, relative to the root, sorted.
 * @param {string} folder
 * @param {string} suffix
 */
function find(folder, suffix) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

/** Those that people have not tried out in vain. */
function notebooks() {
  return find("notebooks", ".ipynb").filter(
    (file) => !file.endsWith(".failed.ipynb") && !file.includes(".ipynb_checkpoints"),
  );
}

/** @typedef {() => Promise<boolean>} Ended waits for a stage that was started: whether it succeeded */

/**
 * Starts node in the foreground.
 * @param {string[]} args
 * @returns {Ended}
 */
function node(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit" });
  const ended = success(child);
  return () => ended;
}

/**
 * Starts node beside another stage; what it prints waits for its turn.
 * @param {string[]} args
 * @returns {Ended}
 */
function beside(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      printed += data;
    });
  const ended = success(child);
  return async () => {
    const ok = await ended;
    process.stdout.write(printed);
    return ok;
  };
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<boolean>}
 */
function success(child) {
  return new Promise((resolve) => {
    child.on("error", () => resolve(false)).on("close", (code) => resolve(code === 0));
  });
}

/**
 * @param {string[]} files
 * @returns {Ended}
 */
function unitTests(files) {
  if (files.length > 0)
    return node(
      ...TYPESCRIPT,
      "--test",
      `--test-concurrency=${CONCURRENCY}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      ...files,
    );
  process.stdout.write("no test file matches\n");
  return () => Promise.resolve(false);
}

/**
 * All unit tests, those of some folders together.
 * @returns {Ended}
 */
function allUnitTests() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-together-"));
  const isTogether = TOGETHER.map((folder) => path.join("test", folder, path.sep));
  const alone = find("test", ".test.ts").filter((file) => !isTogether.some((folder) => file.startsWith(folder)));
  const together = TOGETHER.map((folder) => {
    const files = find(path.join("test", folder), ".test.ts").map((file) => path.join(root, file));
    const all = path.join(scratch, `${folder}.cjs`);
    writeFileSync(all, files.map((file) => `require(${JSON.stringify(file)});\n`).join(""));
    return all;
  });
  const ended = unitTests([...together, ...alone]);
  return () => ended().finally(() => rmSync(scratch, { recursive: true, force: true }));
}

/**
 * The one place where the tests call `mask-dpo reproduce`: every notebook at the smoke preset, into a folder of its
 * own. A real model trains where MASK_DPO_PROSE_MODEL names it.
 * @returns {Ended}
 */
function smokeReproduction() {
  const out = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-smoke-"));
  const ended = node("lib/cli/mask-dpo.mjs", "reproduce", "--preset", "smoke", "--out", out);
  return () => ended().finally(() => rmSync(out, { recursive: true, force: true }));
}

/**
 * Stages of a group start together, to keep every core busy: first what only reads sources, last the notebooks beside
 * the other versions, both of which often have work for one core only.
 * @returns {[name: string, start: () => Ended][][]}
 */
function groups() {
  const only = process.argv.indexOf("--only");
  const versions = process.argv.indexOf("--node");
  if (versions >= 0) return [[["Node versions", () => node("test/node/stage.mjs", process.argv[versions + 1] ?? "")]]];
  if (only >= 0) {
    const files = find("test", ".test.ts").filter((file) => file.includes(process.argv[only + 1] ?? ""));
    return [[["tests", () => unitTests(files)]]];
  }
  return [
    [
      ["translation", () => beside(...TYPESCRIPT, "test/translate.mjs")],
      ["type check", () => beside("node_modules/typescript/bin/tsc")],
      ["format", () => beside("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", ".")],
      ["lint", () => beside("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", ".")],
      ["notebook check", () => beside(...TYPESCRIPT, "test/notebooks/check.ts", ...notebooks())],
    ],
    [["tests", allUnitTests]],
    [
      ["notebooks at the smoke preset", smokeReproduction],
      ["other Node versions", () => beside("test/node/stage.mjs")],
    ],
  ];
}

const results = [];
for (const group of groups()) {
  const stages = group.map(([name, start]) => ({ name, ended: start() }));
  for (const { name, ended } of stages) {
    process.stdout.write(`\n=== ${name}\n`);
    const started = Date.now();
    const ok = await ended();
    results.push({ name, ok, seconds: (Date.now() - started) / 1000 });
  }
}
process.stdout.write("\n=== summary\n");
for (const { name, ok, seconds } of results)
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${seconds.toFixed(1).padStart(7)} s  ${name}\n`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

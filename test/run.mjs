/**
 * What `npm test` runs after the set-up: every stage in order (those that only read sources start together; each one's
 * time is how long it was waited for), all of them even after a failure, then a summary.
 *
 *   node test/run.mjs                  everything
 *   node test/run.mjs --only align     only the test files whose path contains "align"; no other stage
 *   node test/run.mjs --node 22,24,26  only what is tried on those Node versions (test/node)
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CONCURRENCY = 2;

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

/**
 * Runs node in the foreground.
 * @param {string[]} args
 * @returns whether it succeeded
 */
function node(...args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  return result.status === 0;
}

/**
 * Runs node beside the other stages of its kind; what it prints waits for its stage.
 * @param {string[]} args
 * @returns the stage: whether it succeeded
 */
function ahead(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      printed += data;
    });
  /** @type {Promise<boolean>} */
  const ended = new Promise((resolve) => {
    child.on("error", () => resolve(false)).on("close", (code) => resolve(code === 0));
  });
  return async () => {
    const ok = await ended;
    process.stdout.write(printed);
    return ok;
  };
}

/** @param {string[]} files */
function unitTests(files) {
  if (files.length > 0)
    return node(
      "--require",
      "./lib/base/typescript.cjs",
      "--test",
      `--test-concurrency=${CONCURRENCY}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      ...files,
    );
  process.stdout.write("no test file matches\n");
  return false;
}

/**
 * The one place where the tests call `mask-dpo reproduce`: every notebook at the smoke preset, into a folder of its
 * own.
 */
function smokeReproduction() {
  const out = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-smoke-"));
  try {
    return node("lib/cli/mask-dpo.mjs", "reproduce", "--preset", "smoke", "--out", out);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** @returns {[name: string, run: () => boolean | Promise<boolean>][]} */
function stages() {
  const only = process.argv.indexOf("--only");
  const tests = find("test", ".test.ts");
  const versions = process.argv.indexOf("--node");
  if (versions >= 0) return [["Node versions", () => node("test/node/stage.mjs", process.argv[versions + 1] ?? "")]];
  if (only >= 0)
    return [["tests", () => unitTests(tests.filter((file) => file.includes(process.argv[only + 1] ?? "")))]];
  return [
    ["type check", ahead("node_modules/typescript/bin/tsc")],
    ["format", ahead("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", ".")],
    ["lint", ahead("node_modules/eslint/bin/eslint.js", "--max-warnings", "0", ".")],
    [
      "notebook check",
      ahead(
        "--require",
        "./lib/base/typescript.cjs",
        "test/notebooks/check.ts",
        ...find("notebooks", ".ipynb").filter(
          (file) => !file.endsWith(".failed.ipynb") && !file.includes(".ipynb_checkpoints"),
        ),
      ),
    ],
    ["tests", () => unitTests(tests)],
    ["notebooks at the smoke preset", smokeReproduction],
    ["other Node versions", () => node("test/node/stage.mjs")],
  ];
}

const results = [];
for (const [name, run] of stages()) {
  process.stdout.write(`\n=== ${name}\n`);
  const started = Date.now();
  const ok = await run();
  results.push({ name, ok, seconds: (Date.now() - started) / 1000 });
}
process.stdout.write("\n=== summary\n");
for (const { name, ok, seconds } of results)
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${seconds.toFixed(1).padStart(7)} s  ${name}\n`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

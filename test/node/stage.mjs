/**
 * Every Node version: set-up, then test/node/eachNode.ts, all run by that version's program; and the same seeded
 * numbers (test/node/numbers.ts) as the Node that runs this.
 *
 *   node test/node/stage.mjs [22,24,26]     default: all of nodes.mjs but the one that runs this
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { root } from "../../lib/setup/paths.mjs";
import { nodeProgram, nodes } from "./nodes.mjs";

/** It takes a minute. */
const LIMIT_MS = 10 * 60_000;
const TYPESCRIPT = ["--require", "./lib/base/typescript.cjs"];
const own = process.versions.node.split(".")[0];
const asked = process.argv[2]?.split(",") ?? Object.keys(nodes).filter((major) => major !== own);

/**
 * Hashes of seeded numbers, by name; empty where the program fails.
 * @param {string} program
 * @returns {Record<string, unknown>}
 */
function numbersOf(program) {
  const { status, stdout, stderr } = spawnSync(program, [...TYPESCRIPT, "test/node/numbers.ts"], {
    cwd: root,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  process.stderr.write(stderr);
  return status === 0 ? /** @type {Record<string, unknown>} */ (JSON.parse(stdout)) : {};
}

/** @type {Record<string, unknown> | undefined} */
let ours;

/**
 * @param {string} program
 * @param {string} folder
 * @returns what happened on that version, for the table: {ok, engine, notes}
 */
function tryNode(program, folder) {
  // Deprecated parts of Node that anything here still uses are errors; the user's Jupyter keeps the kernel it has.
  const env = {
    ...process.env,
    NODE_OPTIONS: "--throw-deprecation",
    JUPYTER_DATA_DIR: path.join(folder, "jupyter"),
    MASK_DPO_RUNS: path.join(folder, "runs"),
  };
  const options = { cwd: root, env, timeout: LIMIT_MS };
  const setUp = spawnSync(program, ["lib/setup/setup.mjs"], { ...options, encoding: "utf8" });
  process.stdout.write(setUp.stdout + setUp.stderr);
  const engine = /^engine: (.+)$/m.exec(setUp.stdout)?.[1] ?? "none";
  if (setUp.status !== 0 || setUp.stderr !== "") return { ok: false, engine, notes: [] };
  const tap = path.join(folder, "tap"),
    reporters = [
      ["spec", "stdout"],
      ["tap", tap],
    ];
  const flags = reporters.flatMap(([name, to]) => [`--test-reporter=${name}`, `--test-reporter-destination=${to}`]);
  const args = [...TYPESCRIPT, "--test", ...flags, "test/node/eachNode.ts"];
  const { status } = spawnSync(program, args, { ...options, stdio: "inherit" });
  const skips = readFileSync(tap, "utf8").matchAll(/^ *ok \d+ - (.+?) # SKIP (.*)$/gm);
  const notes = Array.from(skips, ([, name, why]) => `skipped: ${name} (${why})`);
  const theirs = numbersOf(program);
  const expected = (ours ??= numbersOf(process.execPath));
  const differ = Object.keys(expected).filter((name) => expected[name] !== theirs[name]);
  notes.push(...differ.map((name) => `not as on ${process.version}: ${name}`));
  return { ok: status === 0 && Object.keys(expected).length > 0 && differ.length === 0, engine, notes };
}

const unknown = asked.filter((major) => !(major in nodes));
if (unknown.length > 0) {
  const got = unknown.join(",") || "none";
  process.stderr.write(`--node: expected some of ${Object.keys(nodes).join(",")}, got ${got}\n`);
  process.exit(1);
}
const lines = [];
for (const major of asked) {
  const started = Date.now(),
    { program, missing } = nodeProgram(major),
    name = `Node ${nodes[major]}`.padEnd(13);
  if (missing !== undefined) {
    if (process.argv[2]) process.exitCode = 1; // somebody asked for it
    lines.push(`skipped           ${name}  ${missing}`);
    continue;
  }
  process.stdout.write(`\n--- ${name}\n`);
  const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-node-"));
  try {
    const { ok, engine, notes } = tryNode(program, folder),
      seconds = (Date.now() - started) / 1000;
    if (!ok) process.exitCode = 1;
    const result = `${ok ? "ok    " : "FAILED"} ${seconds.toFixed(1).padStart(7)} s`;
    lines.push(`${result}  ${name}  ${[engine, ...notes].join("; ")}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
// The kernelspec of this project names the Node that set up last.
spawnSync(process.execPath, ["lib/setup/setup.mjs"], { cwd: root, stdio: "ignore" });
process.stdout.write(`\n${lines.join("\n")}\n`);

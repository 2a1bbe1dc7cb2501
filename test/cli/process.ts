// Runs the command line as a user does, in processes of its own; `here` is for tests that are not about the process.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../../lib/base/files";

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export type Env = Record<string, string | undefined>;
const command = path.join(projectRoot, "lib/cli/mask-dpo.mjs");

/** Starts node with these arguments; KILL_AT in `env` (see killAt.mjs) kills it in the middle of something. */
export function startNode(args: readonly string[], env: Env = {}): Running {
  const preload = env["KILL_AT"] ? ["--import", path.join(__dirname, "killAt.mjs")] : [];
  const child = spawn(process.execPath, [...preload, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => {
    out.stdout += String(data);
  });
  child.stderr.on("data", (data) => {
    out.stderr += String(data);
  });
  return {
    child,
    ended: new Promise((resolve, reject) =>
      child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, ...out })),
    ),
  };
}

/** `mask-dpo ...args` */
export function start(args: readonly string[], env: Env = {}): Running {
  return startNode([command, ...args], env);
}

/** Runs it to its end, whatever that is. */
export function run(args: readonly string[], env: Env = {}): Promise<Ended> {
  return start(args, env).ended;
}

type Run = (args: readonly string[], env?: Env) => Promise<Ended>;

/** Runs it, which must succeed. */
export const succeedBy =
  (run: Run) =>
  async (args: readonly string[], env: Env = {}): Promise<string> => {
    const { code, signal, stdout, stderr } = await run(args, env);
    assert.equal(code, 0, `mask-dpo ${args.join(" ")} ended with ${code ?? signal}:\n${stderr}`);
    return stdout;
  };
export const succeed = succeedBy(run);

/** Runs it, which must fail as section 11 of the issue says: exit code 1, and one message of one line with what was expected, got and to do. */
export const refuseBy =
  (run: Run) =>
  async (args: readonly string[], message: RegExp, env: Env = {}): Promise<void> => {
    const { code, stderr } = await run(args, env);
    assert.equal(code, 1, stderr);
    const lines = stderr
      .trim()
      .split("\n")
      .filter((line) => !/\d+\/\d+/.test(line)); // progress is no message
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0]!, /^mask-dpo: .+: expected .+, got .+\. \S.+\.$/);
    assert.match(lines[0]!, message);
  };
export const refuse = refuseBy(run);

/** Polls until the condition holds; fails when the process ended before. */
export async function until(condition: () => boolean, { child }: Running): Promise<void> {
  while (!condition()) {
    assert.ok(child.exitCode === null && child.signalCode === null, "the process ended before it got there");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Complete lines of a file that may still grow; 0 while it is not there. */
export function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

export function rowsOf<T>(file: string): T[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** Names below a folder, to show that nothing half-written was left. */
export function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();
}

// Servers that are not ours, in a Python that a variable names: started for a test, and asked as a user asks them.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import type { TestContext } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import type { Candidate } from "../../lib/factuality/records";
import { writeQuestions } from "./data";
import * as here from "./here";
import { rowsOf } from "./process";

/** What `transformers serve` needs of a Python. */
export const transformersModules = ["torch", "transformers", "fastapi", "uvicorn", "openai"];
export const transformersInstall = '"transformers[serving]" torch';

/** Starts it with a model's folder, on the CPU. */
export async function startTransformers(t: TestContext, python: string, model: string, threads = 1): Promise<string> {
  const port = await freePort();
  const serve = ["-c", "from transformers.cli.transformers import main; main()", "serve", model, "--device", "cpu"];
  const env = { HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: String(threads) };
  return startServer(t, python, [...serve, "--host", "127.0.0.1", "--port", String(port)], {
    port,
    ready: "/health",
    env,
  });
}

/** Why a test is skipped; false where the Python has all modules. @param install what pip is to be told */
export function whySkipped(variable: string, modules: readonly string[], install: string): string | false {
  const python = pythonOf(variable);
  const code = `import importlib.util as u; print(*[m for m in ${JSON.stringify(modules)} if not u.find_spec(m)])`;
  const { status, stdout } = spawnSync(python, ["-c", code], { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) return `no Python (${variable}=${python})`;
  const lacks = stdout.trim().split(" ").join(", ");
  return lacks ? `${python} lacks ${lacks}: pip install ${install}, or name another in ${variable}` : false;
}

export const pythonOf = (variable: string): string => process.env[variable] ?? "python3";

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.on("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts a server, which ends with the test, and waits until it answers. @param ready the path that it then does at */
export async function startServer(
  t: TestContext,
  python: string,
  args: readonly string[],
  { port, ready = "/v1/models", env = {} }: { port: number; ready?: string; env?: Record<string, string> },
): Promise<string> {
  const child = spawn(python, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  t.after(async () => {
    child.kill("SIGINT"); // what it started ends with it
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(late);
  });
  let log = "";
  child.stderr.on("data", (data) => {
    log += String(data);
  });
  const address = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(address + ready).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let i = 0; !(await answers()); i++) {
    assert.ok(child.exitCode === null && i < 480, `the server did not start:\n${log.slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return `${address}/v1`;
}

/** Two candidates of four questions, of at most 16 tokens. @returns what was said, and the rows */
export async function sampleFrom(
  dir: string,
  server: readonly string[],
  more: readonly string[] = [],
): Promise<{ said: string; rows: Candidate[]; questions: string; out: string }> {
  const out = path.join(dir, "candidates.jsonl");
  const questions = writeQuestions(path.join(dir, "questions.jsonl"), 4);
  const sampling = ["--k", "2", "--max-new-tokens", "16", "--concurrency", "4", ...more];
  const said = await here.succeed(["sample", ...server, "--questions", questions, ...sampling, "--out", out]);
  const rows = rowsOf<Candidate>(out);
  assert.deepEqual(
    rows.map(({ questionId, index }) => `${questionId} ${index}`),
    [0, 1, 2, 3].flatMap((i) => [`q${i} 0`, `q${i} 1`]),
  );
  return { said, rows, questions, out };
}

/**
 * The sentences of two of them by ANAH's protocol. A model that is too small for it gives no reply of use, which is
 * said: of interest is that it is asked, and answers.
 */
export async function annotateFrom(
  dir: string,
  server: readonly string[],
  { questions, out }: { questions: string; out: string },
): Promise<{ said: string; calls: number }> {
  const documents = path.join(dir, "documents.jsonl");
  const judged = path.join(dir, "judged.jsonl");
  const two = path.join(dir, "two.jsonl");
  writeJsonl(two, rowsOf<Candidate>(out).slice(0, 2));
  writeJsonl(
    documents,
    [0, 1, 2, 3].map((i) => ({ topic: `t${i}`, document: `Nothing is known of t${i}.` })),
  );
  const anah = ["--annotator", "anah", "--documents", documents, "--questions", questions, "--max-reply-tokens", "16"];
  const { code, stdout, stderr } = await here.run([
    "annotate",
    ...server,
    ...anah,
    "--candidates",
    two,
    "--out",
    judged,
  ]);
  if (code !== 0) assert.match(stderr, /expected .*repl/);
  const calls = readFileSync(path.join(`${judged}.run`, "calls.1-of-1.jsonl"), "utf8").split("\n").length - 1;
  return { said: stdout + stderr, calls };
}

/**
 * Sampling on every core: worker processes with one thread each, because a decoding step is many small kernels that
 * one thread runs as fast as two. Candidates are those of `sampleCandidates`: each draws from its own named stream.
 */
import { fork, type ChildProcess } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";
import type { Candidate, Question } from "../factuality/records";
import type { SamplingOptions } from "../model/generate";
import { promptIds } from "../text/prompt";
import { loadTokenizer } from "../text/tokenizer";

/** What a worker is told once. */
export interface WorkerSetup {
  policyDir: string;
  k: number;
  sampling: SamplingOptions;
  seed: number;
}
/** What a worker answers: candidates of some questions of its task, a finished task, or an error. */
export type WorkerAnswer = { candidates: Candidate[] } | { done: true } | { error: string; parts?: UserError["parts"] };

/** Completions in one task: one full batch. */
const taskRows = 1024;

/** Worth its start-up (about two seconds) from this many completions on. */
export const poolFrom = 1024;

/** As `sampleCandidates`, on `workers` processes. @throws UserError as it does, or when a worker dies */
export async function* samplePool(setup: WorkerSetup, questions: readonly Question[], workers = os.availableParallelism()): AsyncGenerator<Candidate[]> {
  const perTask = Math.max(1, Math.ceil(taskRows / setup.k));
  // A batch holds prompts of one length only, so tasks are cut from questions in order of length.
  const tokenizer = loadTokenizer(setup.policyDir);
  const order = questions.map((question) => ({ question, length: promptIds(tokenizer, question.prompt).length })).sort((a, b) => a.length - b.length).map(({ question }) => question);
  const tasks = Array.from({ length: Math.ceil(order.length / perTask) }, (_, i) => order.slice(i * perTask, (i + 1) * perTask));
  const pool = Array.from({ length: Math.min(workers, tasks.length) }, () => startWorker());
  const inbox = new Inbox<WorkerAnswer>();
  let running = pool.length;
  const next = (child: ChildProcess) => {
    const task = tasks.shift();
    if (task) child.send({ setup, task });
    else running--;
  };
  for (const child of pool) {
    child.on("message", (answer: WorkerAnswer) => {
      if ("done" in answer) next(child);
      inbox.put(answer);
    });
    child.on("exit", (code, signal) => inbox.put({ error: `a sampling worker ended early (${signal ?? `exit ${code}`})` }));
    next(child);
  }
  try {
    while (running > 0 || inbox.size > 0) {
      const answer = await inbox.take();
      if ("candidates" in answer) yield answer.candidates;
      if ("error" in answer) throw answer.parts ? new UserError(answer.parts) : new Error(answer.error);
    }
  } finally {
    for (const child of pool) {
      child.removeAllListeners("exit");
      child.kill("SIGKILL");
    }
  }
}

function startWorker(): ChildProcess {
  return fork(path.join(projectRoot, "lib/preference/sampleWorker.ts"), {
    cwd: projectRoot, execArgv: ["--import", "tsx"], serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" },
  });
}

/** Messages in order of arrival. */
class Inbox<T> {
  private readonly messages: T[] = [];
  private wake: (() => void) | undefined;

  get size(): number {
    return this.messages.length;
  }

  put(message: T): void {
    this.messages.push(message);
    this.wake?.();
  }

  async take(): Promise<T> {
    while (this.messages.length === 0) await new Promise<void>((resolve) => { this.wake = resolve; });
    return this.messages.shift()!;
  }
}

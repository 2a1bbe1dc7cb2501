/**
 * Sampling on every core: worker processes with one thread each, because a decoding step is many small kernels that
 * one thread runs as fast as two. Candidates are those of `sampleCandidates`: each draws from its own named stream.
 */
import { asAnswered, cpuWorkers, WorkerPool } from "../base/workers";
import type { Candidate, Question } from "../factuality/records";
import type { SamplingOptions } from "../model/generate";
import { promptIds } from "../text/prompt";
import { loadTokenizer } from "../text/tokenizer";

/** What a worker is told once. */
export interface SampleSetup {
  policyDir: string;
  k: number;
  sampling: SamplingOptions;
  seed: number;
}

/** Completions in one task: one full batch. */
const taskRows = 1024;

/** Worth its start-up (about two seconds) from this many completions on. */
export const poolFrom = 1024;

/** As `sampleCandidates`, on `workers` processes. @throws UserError as it does; Error when a worker dies */
export async function* samplePool(setup: SampleSetup, questions: readonly Question[], workers = cpuWorkers): AsyncGenerator<Candidate[]> {
  const perTask = Math.max(1, Math.ceil(taskRows / setup.k));
  // Shorter prompts of a batch are padded, so tasks are cut from questions in order of length.
  const tokenizer = loadTokenizer(setup.policyDir);
  const order = questions.map((question) => ({ question, length: promptIds(tokenizer, question.prompt).length })).sort((a, b) => a.length - b.length).map(({ question }) => question);
  const tasks = Array.from({ length: Math.ceil(order.length / perTask) }, (_, i) => order.slice(i * perTask, (i + 1) * perTask));
  const pool = new WorkerPool<SampleSetup, Question[]>("lib/preference/sampleWorker.ts", Math.min(workers, tasks.length));
  try {
    pool.tell(setup);
    for await (const answered of asAnswered(tasks.map((task) => pool.run<Candidate[][]>(task)))) yield* answered;
  } finally {
    pool.close();
  }
}

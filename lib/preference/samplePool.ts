/**
 * Sampling on every core: worker processes with one thread each, because a decoding step is many small kernels that
 * one thread runs as fast as two. Candidates are those of one process.
 */
import { asAnswered, cpuWorkers, WorkerPool } from "../base/workers";
import type { Candidate, Question } from "../factuality/records";
import type { SamplingOptions } from "../model/generate";

/** What a worker is told once. */
export interface SampleSetup {
  policyDir: string;
  k: number;
  sampling: SamplingOptions;
  seed: number;
}

/** `sampleCandidates` of every task, on `workers` processes. @throws UserError as it does; Error when a worker dies */
export async function* samplePool(
  setup: SampleSetup,
  tasks: readonly Question[][],
  workers = cpuWorkers,
): AsyncGenerator<Candidate[]> {
  const pool = new WorkerPool<SampleSetup, Question[]>(
    "lib/preference/sampleWorker.ts",
    Math.min(workers, tasks.length),
  );
  try {
    pool.tell(setup);
    for await (const answered of asAnswered(tasks.map((task) => pool.run<Candidate[][]>(task)))) yield* answered;
  } finally {
    pool.close();
  }
}

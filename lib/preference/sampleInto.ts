/**
 * Candidates of many questions in a file that grows question by question, so that a killed run goes on where it was.
 */
import { JsonlLog } from "../base/jsonl";
import { showDone, startProgress, breathe } from "../base/progress";
import { engineMemory, startEngine } from "../engine/backend";
import { type Candidate, candidateSchema, type Question, candidateKey } from "../factuality/records";
import { isLarge, weightCount } from "../model/weights";
import { readCheckpointConfig } from "../model/checkpoint";
import type { SamplingOptions } from "../model/generate";
import { loadPolicy } from "../model/policy";
import { loadTokenizer } from "../text/tokenizer";
import { sampleCandidates, samplingTasks } from "./candidate";
import { samplePool } from "./samplePool";

/**
 * K candidates of every question in `file`, which grows question by question: what is there already is not sampled
 * again. Returns the rows in the order of the questions.
 */
export async function sampleInto(
  file: string,
  policyDir: string,
  questions: readonly Question[],
  k: number,
  sampling: SamplingOptions,
  seed: number,
  label: string,
): Promise<Candidate[]> {
  const log = new JsonlLog(file, candidateSchema);
  try {
    const rows = new Map(log.rows.map((row) => [candidateKey(row), row]));
    const missing = questions.filter(({ id }) =>
      Array.from({ length: k }, (_, index) => candidateKey({ questionId: id, index })).some((key) => !rows.has(key)),
    );
    if (missing.length === 0) showDone(label, questions.length);
    else {
      let done = questions.length - missing.length;
      const progress = startProgress(label, questions.length, done);
      try {
        const wanted = new Set(missing);
        const tasks = samplingTasks(loadTokenizer(policyDir), questions, k).filter((task) =>
          task.some((question) => wanted.has(question)),
        );
        for await (const candidates of sampleTasks(policyDir, tasks, k, sampling, seed)) {
          // what is there of a task is sampled again, but kept as it was
          const fresh = candidates.filter((row) => !rows.has(candidateKey(row)));
          if (fresh.length === 0) continue;
          log.append(fresh);
          for (const row of fresh) rows.set(candidateKey(row), row);
          progress.update(++done);
          await breathe();
        }
      } finally {
        progress.stop();
      }
    }
    return questions.flatMap(({ id }) =>
      Array.from({ length: k }, (_, index) => rows.get(candidateKey({ questionId: id, index }))!),
    );
  } finally {
    log.close();
  }
}

/** In this process, or on all cores where there is enough to do and the engine is the CPU's. */
async function* sampleTasks(
  policyDir: string,
  tasks: readonly Question[][],
  k: number,
  sampling: SamplingOptions,
  seed: number,
): AsyncGenerator<Candidate[]> {
  const { parallel } = await startEngine();
  const config = readCheckpointConfig(policyDir);
  if (parallel && !isLarge(config) && tasks.length > 1) {
    yield* samplePool({ policyDir, k, sampling, seed }, tasks);
    return;
  }
  // 16 bits are slower, and the same numbers
  const policy = loadPolicy(policyDir, { frozen: 4 * weightCount(config) > engineMemory() / 2 });
  try {
    for (const task of tasks) yield* sampleCandidates(policy, task, k, sampling, seed);
  } finally {
    policy.dispose();
  }
}

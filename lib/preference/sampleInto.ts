/**
 * Candidates of many questions in a file that grows question by question, so that a killed run goes on where it was.
 */
import { someOf, UserError } from "../base/check";
import { JsonlLog } from "../base/jsonl";
import { showDone, startProgress, breathe } from "../base/progress";
import { startEngine } from "../engine/backend";
import { engineMemory } from "../engine/memory";
import { type Candidate, candidateSchema, type Question, candidateKey } from "../factuality/records";
import { isLarge, weightCount } from "../model/weights";
import { readCheckpointConfig } from "../model/checkpoint";
import type { SamplingOptions } from "../model/generate";
import { loadPolicy } from "../model/policy";
import type { TransformerConfig } from "../model/config";
import { promptIds } from "../text/prompt";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer";
import { sampleCandidates, samplingTasks } from "./candidate";
import { samplePool } from "./samplePool";

/** What was sampled, in the order of the questions. */
export interface SampledRows {
  rows: Candidate[];
  /** Ids of questions whose prompt leaves no position of the model for an answer. */
  leftOut: string[];
}

/**
 * K candidates of every question in `file`, which grows question by question: what is there already is not sampled
 * again.
 * @throws UserError when the prompt of every question is too long for the model
 */
export async function sampleInto(
  file: string,
  policyDir: string,
  asked: readonly Question[],
  k: number,
  sampling: SamplingOptions,
  seed: number,
  label: string,
): Promise<SampledRows> {
  const log = new JsonlLog(file, candidateSchema);
  try {
    const rows = new Map(log.rows.map((row) => [candidateKey(row), row]));
    const order = (questions: readonly Question[]) =>
      questions.flatMap(({ id }) => Array.from({ length: k }, (_, index) => ({ questionId: id, index })));
    const isMissing = (question: Question) => order([question]).some((name) => !rows.has(candidateKey(name)));
    if (!asked.some(isMissing)) {
      showDone(label, asked.length);
      return { rows: order(asked).map((name) => rows.get(candidateKey(name))!), leftOut: [] };
    }
    const tokenizer = loadTokenizer(policyDir);
    const { questions, leftOut } = withRoom(tokenizer, readCheckpointConfig(policyDir), asked);
    const wanted = new Set(questions.filter(isMissing));
    const tasks = samplingTasks(tokenizer, questions, k).filter((task) =>
      task.some((question) => wanted.has(question)),
    );
    let done = questions.length - wanted.size;
    const progress = startProgress(label, questions.length, done);
    try {
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
    return { rows: order(questions).map((name) => rows.get(candidateKey(name))!), leftOut };
  } finally {
    log.close();
  }
}

/** Questions whose prompt leaves the model a position to answer at, and the ids of the others. */
function withRoom(
  tokenizer: Tokenizer,
  { maxPositions }: TransformerConfig,
  questions: readonly Question[],
): { questions: Question[]; leftOut: string[] } {
  const fits = questions.map(({ prompt }) => promptIds(tokenizer, prompt).length < maxPositions);
  const fitting = questions.filter((_, i) => fits[i]);
  const leftOut = questions.flatMap(({ id }, i) => (fits[i] ? [] : [id]));
  if (fitting.length === 0)
    throw new UserError({
      where: "questions",
      expected: `a prompt shorter than the model's ${maxPositions} positions`,
      got: `${questions.length} longer ones (${someOf(leftOut)})`,
      fix: "Shorten them, or take a model with more positions.",
    });
  return { questions: fitting, leftOut };
}

/** In this process, or on all cores where there is enough to do and the engine is the CPU's. */
async function* sampleTasks(
  policyDir: string,
  tasks: readonly Question[][],
  k: number,
  sampling: SamplingOptions,
  seed: number,
): AsyncGenerator<Candidate[]> {
  if (tasks.length === 0) return; // all others are left out
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

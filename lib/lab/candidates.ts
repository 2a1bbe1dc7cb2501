/**
 * Completions that policies give, each sampled once: a file is named by the hash of all that determines it and grows
 * question by question, so that a killed run goes on where it was.
 */
import path from "node:path";
import { hashOf } from "../base/hash";
import { JsonlLog } from "../base/jsonl";
import { showDone, startProgress } from "../base/progress";
import { engineMemory, startEngine } from "../engine/backend";
import { annotateCandidates, type Annotator } from "../factuality/annotator";
import { candidateSchema, type AnnotatedCandidate, type Candidate, type Question } from "../factuality/records";
import { isLarge, readCheckpointConfig, weightCount } from "../model/checkpoint";
import { greedySampling, paperSampling, type SamplingOptions } from "../model/generate";
import { loadPolicy, policyHash } from "../model/policy";
import { sampleCandidates, samplingTasks } from "../preference/candidate";
import { samplePool } from "../preference/samplePool";
import { loadTokenizer } from "../text/tokenizer";
import type { Atlas } from "../world/atlas";
import { oracleAnnotator } from "../world/oracle";
import { evaluationQuestions } from "./questions";
import { runFolder } from "../base/runFolder";
import type { Session } from "./session";

/**
 * K candidates of every question in `file`, which grows question by question: what is there already is not sampled again.
 * Returns the rows in the order of the questions.
 */
export async function sampleInto(file: string, policyDir: string, questions: readonly Question[], k: number, sampling: SamplingOptions, seed: number, label: string): Promise<Candidate[]> {
  const log = new JsonlLog(file, candidateSchema);
  try {
    const name = ({ questionId, index }: Pick<Candidate, "questionId" | "index">) => `${index} ${questionId}`;
    const rows = new Map(log.rows.map((row) => [name(row), row]));
    const missing = questions.filter(({ id }) => Array.from({ length: k }, (_, index) => name({ questionId: id, index })).some((key) => !rows.has(key)));
    if (missing.length === 0) showDone(label, questions.length);
    else {
      let done = questions.length - missing.length;
      const progress = startProgress(label, questions.length, done);
      try {
        const wanted = new Set(missing), tasks = samplingTasks(loadTokenizer(policyDir), questions, k).filter((task) => task.some((question) => wanted.has(question)));
        for await (const candidates of sampleTasks(policyDir, tasks, k, sampling, seed)) {
          const fresh = candidates.filter((row) => !rows.has(name(row))); // what is there of a task is sampled again, but kept as it was
          if (fresh.length === 0) continue;
          log.append(fresh);
          for (const row of fresh) rows.set(name(row), row);
          progress.update(++done);
          await new Promise(setImmediate); // lets an interrupt in
        }
      } finally {
        progress.stop();
      }
    }
    return questions.flatMap(({ id }) => Array.from({ length: k }, (_, index) => rows.get(name({ questionId: id, index }))!));
  } finally {
    log.close();
  }
}

/** In this process, or on all cores where there is enough to do and the engine is the CPU's. */
async function* sampleTasks(policyDir: string, tasks: readonly Question[][], k: number, sampling: SamplingOptions, seed: number): AsyncGenerator<Candidate[]> {
  const { parallel } = await startEngine(), config = readCheckpointConfig(policyDir);
  if (parallel && !isLarge(config) && tasks.length > 1) {
    yield* samplePool({ policyDir, k, sampling, seed }, tasks);
    return;
  }
  const policy = loadPolicy(policyDir, { frozen: 4 * weightCount(config) > engineMemory() / 2 }); // 16 bits are slower, and the same numbers
  try {
    for (const task of tasks) yield* sampleCandidates(policy, task, k, sampling, seed);
  } finally {
    policy.dispose();
  }
}

/** The same in a run folder of its own. */
export async function candidatesOf({ seed, engine, runs }: Session, policyDir: string, questions: readonly Question[], k: number, sampling: SamplingOptions, label: string): Promise<Candidate[]> {
  const key = { policy: policyHash(policyDir), questions: hashOf(questions), k, sampling, seed, engine: engine.arithmetic };
  return sampleInto(path.join(runFolder(runs, "candidates", key), "candidates.jsonl"), policyDir, questions, k, sampling, seed, label);
}

/** Atlas's exact annotator, as rows carry its verdicts. */
export function atlasAnnotator(atlas: Atlas): Annotator {
  const oracle = oracleAnnotator(atlas);
  return { name: "Atlas oracle", annotate: (question, completion) => oracle.annotate(question, completion).map(({ start, end, verdict }) => ({ start, end, verdict })) };
}

/** How answers are drawn for evaluation: greedy (Table 1, "top-k=1") or top-k 40 at T 0.8 (Table 6). */
export type Decoding = "greedy" | "sampled";

/** Questions with annotated answers. */
export interface Answered {
  questions: Question[];
  answers: AnnotatedCandidate[];
}

/** Annotated answers of a policy to an evaluation split: one each when greedy, the preset's number of samples otherwise. */
export async function answersOf(session: Session, policyDir: string, split: "test" | "ood" | "validation", decoding: Decoding): Promise<Answered> {
  const questions = evaluationQuestions(session, split, session.preset.evaluationQuestions);
  const [k, sampling] = decoding === "greedy" ? [1, greedySampling] : [session.preset.samples, paperSampling];
  const sampled = await candidatesOf(session, policyDir, questions, k, { ...sampling, maxNewTokens: session.preset.maxNewTokens }, `answer ${split} questions (${decoding})`);
  return { questions, answers: await annotateCandidates(sampled, questions, atlasAnnotator(session.atlas)) };
}

/** Annotated answers for best-of-N, as many a question as the largest N, to the preset's test questions. */
export async function bestOfAnswers(session: Session, policyDir: string, most = session.preset.bestOf, temperature: number = paperSampling.temperature): Promise<Answered> {
  const questions = evaluationQuestions(session, "test", session.preset.bestOfQuestions);
  const sampled = await candidatesOf(session, policyDir, questions, most, { ...paperSampling, temperature, maxNewTokens: session.preset.maxNewTokens }, "sample for best-of-N");
  return { questions, answers: await annotateCandidates(sampled, questions, atlasAnnotator(session.atlas)) };
}

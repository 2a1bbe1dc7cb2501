/**
 * The steps of the paper on Atlas, each computed once: its folder is named by the hash of all that determines it, so
 * notebooks ask for what they need and only what is missing runs; a killed step goes on where it was.
 */
import path from "node:path";
import { JsonlLog, writeJsonl } from "../base/jsonl";
import { hashOf } from "../base/hash";
import { showDone, startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { startEngine } from "../engine/backend";
import { comparePolicies, type Comparison } from "../evaluation/compare";
import { summarise, type EvaluationSummary } from "../evaluation/summary";
import { annotateCandidates, type Annotator } from "../factuality/annotator";
import { candidateSchema, type AnnotatedCandidate, type Candidate, type Question } from "../factuality/records";
import { greedySampling, paperSampling, type SamplingOptions } from "../model/generate";
import { readConfig } from "../model/config";
import { loadPolicy, policyHash } from "../model/policy";
import { sampleCandidates } from "../preference/candidate";
import type { TokenizeReport, TokenizedPair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import { buildPairs, type PairReport, type PreferencePair } from "../preference/pair";
import { loadTokenizer } from "../text/tokenizer";
import type { Atlas } from "../world/atlas";
import { oracleAnnotator } from "../world/oracle";
import { poolFrom, samplePool } from "../preference/samplePool";
import { maxNewTokens } from "./preset";
import { runFolder } from "./run";
import type { Session } from "./session";
import { tokenizeFor, trainRun, type TrainRun } from "./trainRun";

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
        for await (const candidates of sampleAll(policyDir, missing, k, sampling, seed)) {
          const fresh = candidates.filter((row) => !rows.has(name(row))); // a crash may have kept part of a question's rows
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
async function* sampleAll(policyDir: string, questions: readonly Question[], k: number, sampling: SamplingOptions, seed: number): AsyncGenerator<Candidate[]> {
  const { parallel } = await startEngine();
  if (parallel && questions.length * k >= poolFrom) {
    yield* samplePool({ policyDir, k, sampling, seed }, questions);
    return;
  }
  const policy = loadPolicy(policyDir);
  try {
    yield* sampleCandidates(policy, questions, k, sampling, seed);
  } finally {
    policy.dispose();
  }
}

/** The same in a run folder of its own. */
async function candidatesOf({ seed, engine, runs }: Session, policyDir: string, questions: readonly Question[], k: number, sampling: SamplingOptions, label: string): Promise<Candidate[]> {
  const key = { policy: policyHash(policyDir), questions: hashOf(questions), k, sampling, seed, engine: engine.name };
  return sampleInto(path.join(runFolder(runs, "candidates", key), "candidates.jsonl"), policyDir, questions, k, sampling, seed, label);
}

/** Atlas's exact annotator, as rows carry its verdicts. */
export function atlasAnnotator(atlas: Atlas): Annotator {
  const oracle = oracleAnnotator(atlas);
  return { name: "Atlas oracle", annotate: (question, completion) => oracle.annotate(question, completion).map(({ start, end, verdict }) => ({ start, end, verdict })) };
}

/** Training questions of the preset: the first topics of a seeded order, `questionsPerTopic` of each. */
export function trainingQuestions({ atlas, preset, seed }: Session): Question[] {
  const byTopic = new Map<string, Question[]>();
  for (const question of atlas.splits.train) byTopic.set(question.topic, [...(byTopic.get(question.topic) ?? []), question]);
  const rng = new Rng(seed).fork("training questions");
  const topics = rng.shuffle([...byTopic.keys()]).slice(0, preset.topics);
  return topics.flatMap((topic) => rng.fork(topic).shuffle(byTopic.get(topic)!).slice(0, preset.questionsPerTopic));
}

export interface Preferences {
  questions: Question[];
  candidates: AnnotatedCandidate[];
  pairs: PreferencePair[];
  report: PairReport;
}

/** §2.2: sample K candidates of every training question, annotate every sentence, choose pairs. */
export async function constructPreferences(session: Session): Promise<Preferences> {
  const questions = trainingQuestions(session);
  const sampled = await candidatesOf(session, session.baseDir, questions, session.preset.candidates, { ...paperSampling, maxNewTokens }, "sample candidates");
  const candidates = await annotateCandidates(sampled, questions, atlasAnnotator(session.atlas));
  const { pairs, report } = buildPairs(candidates, questions, { seed: session.seed });
  writeJsonl(path.join(runFolder(session.runs, "pairs", { pairs: hashOf(pairs) }), "pairs.jsonl"), pairs);
  return { questions, candidates, pairs, report };
}

/** Pairs as ids and masks for the base policy; the report counts those no mask can train on. */
export function tokenizePreferences(session: Session, pairs: readonly PreferencePair[], mask: MaskKind): { pairs: TokenizedPair[]; report: TokenizeReport } {
  return tokenizeFor(loadTokenizer(session.baseDir), readConfig(path.join(session.baseDir, "config.json")), pairs, mask, session.seed);
}

/** §2.2: aligns the base policy on pairs under a mask. */
export async function alignPolicy(session: Session, pairs: readonly PreferencePair[], mask: MaskKind): Promise<TrainRun> {
  const { baseDir, preset, seed, engine, runs } = session;
  const key = { policy: policyHash(baseDir), pairs: hashOf(pairs), mask, options: preset.training, seed, engine: engine.name };
  return trainRun({ policyDir: baseDir, pairs, mask, options: preset.training, seed, out: path.join(runs, `train-${hashOf(key).slice(0, 8)}`), logpsDir: path.join(runs, "reference") });
}

/** Questions of a split: all, or a seeded sample of `count` (the splits stand by population, head topics first). */
function evaluationQuestions({ atlas, seed }: Session, split: "test" | "ood" | "validation", count: number): Question[] {
  const all = atlas.splits[split];
  if (count >= all.length) return all.slice();
  const kept = new Set(new Rng(seed).fork(`${split} questions`).shuffle(all).slice(0, count));
  return all.filter((question) => kept.has(question));
}

/** How answers are drawn for evaluation: greedy (Table 1, "top-k=1") or top-k 40 at T 0.8 (Table 6). */
export type Decoding = "greedy" | "sampled";

/** Annotated answers of a policy: one each when greedy, the preset's number of samples otherwise. */
async function answersOf(session: Session, policyDir: string, questions: readonly Question[], decoding: Decoding, label: string): Promise<AnnotatedCandidate[]> {
  const [k, sampling] = decoding === "greedy" ? [1, greedySampling] : [session.preset.samples, paperSampling];
  const sampled = await candidatesOf(session, policyDir, questions, k, { ...sampling, maxNewTokens }, label);
  return annotateCandidates(sampled, questions, atlasAnnotator(session.atlas));
}

/** Policies answering the same questions. */
export interface Evaluation<Name extends string> {
  questions: Question[];
  answers: Record<Name, AnnotatedCandidate[]>;
  summaries: Record<Name, EvaluationSummary>;
  /** paired over topics, a - b */
  compare(a: Name, b: Name): Comparison;
}

/** Several policies on one question set. */
export async function evaluatePolicies<Name extends string>(session: Session, policies: Readonly<Record<Name, string>>, split: "test" | "ood" | "validation", decoding: Decoding): Promise<Evaluation<Name>> {
  const names = Object.keys(policies) as Name[];
  const rng = new Rng(session.seed).fork(`${split} ${decoding}`);
  const questions = evaluationQuestions(session, split, session.preset.evaluationQuestions);
  const answers = {} as Record<Name, AnnotatedCandidate[]>, summaries = {} as Record<Name, EvaluationSummary>;
  for (const name of names) {
    answers[name] = await answersOf(session, policies[name], questions, decoding, `${name}: answer ${split} questions (${decoding})`);
    summaries[name] = summarise(answers[name], questions, rng.fork(name));
  }
  return { questions, answers, summaries, compare: (a, b) => comparePolicies(answers[a], answers[b], questions, rng.fork(`${a} - ${b}`)) };
}

/** Answers for best-of-N: as many as the largest N, to the preset's test questions. */
export async function bestOfAnswers(session: Session, policyDir: string): Promise<{ questions: Question[]; answers: AnnotatedCandidate[] }> {
  const questions = evaluationQuestions(session, "test", session.preset.bestOfQuestions);
  const sampled = await candidatesOf(session, policyDir, questions, session.preset.bestOf, { ...paperSampling, maxNewTokens }, "sample for best-of-N");
  return { questions, answers: await annotateCandidates(sampled, questions, atlasAnnotator(session.atlas)) };
}

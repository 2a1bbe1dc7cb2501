/**
 * The steps of the paper on Atlas, each computed once: its folder is named by the hash of all that determines it, so
 * notebooks ask for what they need and only what is missing runs; a killed step goes on where it was.
 */
import path from "node:path";
import { JsonlLog, writeJsonl } from "../base/jsonl";
import { hashOf } from "../base/hash";
import { startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { annotateCandidates, type Annotator } from "../factuality/annotator";
import { candidateSchema, type AnnotatedCandidate, type Candidate, type Question } from "../factuality/records";
import { greedySampling, paperSampling, type SamplingOptions } from "../model/generate";
import { loadPolicy, policyHash } from "../model/policy";
import { sampleCandidates } from "../preference/candidate";
import type { MaskKind } from "../preference/mask";
import { buildPairs, type PairReport, type PreferencePair } from "../preference/pair";
import { oracleAnnotator } from "../world/oracle";
import { maxNewTokens } from "./preset";
import { runFolder } from "./run";
import type { Session } from "./session";
import { trainRun, type TrainRun } from "./trainRun";

/** Candidates of every question, sampled or read back, in the order of the questions. */
export async function candidatesOf(session: Session, policyDir: string, questions: readonly Question[], k: number, sampling: SamplingOptions, label: string): Promise<Candidate[]> {
  const key = { policy: policyHash(policyDir), questions: hashOf(questions), k, sampling, seed: session.seed, engine: session.engine.name };
  const log = new JsonlLog(path.join(runFolder(session.runs, "candidates", key), "candidates.jsonl"), candidateSchema);
  try {
    const counts = new Map<string, number>();
    for (const { questionId } of log.rows) counts.set(questionId, (counts.get(questionId) ?? 0) + 1);
    const missing = questions.filter(({ id }) => (counts.get(id) ?? 0) < k);
    if (missing.length > 0) {
      const policy = loadPolicy(policyDir);
      const progress = startProgress(label, questions.length);
      let done = questions.length - missing.length;
      try {
        for await (const candidates of sampleCandidates(policy, missing, k, sampling, session.seed)) {
          log.append(candidates);
          progress.update(++done);
        }
      } finally {
        progress.stop();
        policy.dispose();
      }
    }
    const order = new Map(questions.map(({ id }, i) => [id, i]));
    return log.rows.slice().sort((a, b) => order.get(a.questionId)! - order.get(b.questionId)! || a.index - b.index);
  } finally {
    log.close();
  }
}

/** Atlas's exact annotator, as rows carry its verdicts. */
export function atlasAnnotator(session: Session): Annotator {
  const oracle = oracleAnnotator(session.atlas);
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
  const candidates = await annotateCandidates(sampled, questions, atlasAnnotator(session));
  const { pairs, report } = buildPairs(candidates, questions, { seed: session.seed });
  writeJsonl(path.join(runFolder(session.runs, "pairs", { pairs: hashOf(pairs) }), "pairs.jsonl"), pairs);
  return { questions, candidates, pairs, report };
}

/** §2.2: aligns the base policy on pairs under a mask. */
export async function alignPolicy(session: Session, pairs: readonly PreferencePair[], mask: MaskKind): Promise<TrainRun> {
  const { baseDir, preset, seed, engine, runs } = session;
  const key = { policy: policyHash(baseDir), pairs: hashOf(pairs), mask, options: preset.training, seed, engine: engine.name };
  return trainRun({ policyDir: baseDir, pairs, mask, options: preset.training, seed, out: path.join(runs, `train-${hashOf(key).slice(0, 8)}`) });
}

/** How answers are drawn for evaluation: greedy (Table 1, "top-k=1") or top-k 40 at T 0.8 (Table 6). */
export type Decoding = "greedy" | "sampled";

/** Annotated answers of a policy to the preset's evaluation questions of a split. */
export async function answersOf(session: Session, policyDir: string, split: "test" | "ood" | "validation", decoding: Decoding): Promise<{ questions: Question[]; answers: AnnotatedCandidate[] }> {
  const questions = session.atlas.splits[split].slice(0, session.preset.evaluationQuestions);
  const [k, sampling] = decoding === "greedy" ? [1, greedySampling] : [session.preset.samples, paperSampling];
  const sampled = await candidatesOf(session, policyDir, questions, k, { ...sampling, maxNewTokens }, `answer ${split} questions (${decoding})`);
  return { questions, answers: await annotateCandidates(sampled, questions, atlasAnnotator(session)) };
}

/** Answers for best-of-N: as many as the largest N, to every test question. */
export async function bestOfAnswers(session: Session, policyDir: string): Promise<{ questions: Question[]; answers: AnnotatedCandidate[] }> {
  const questions = session.atlas.splits.test.slice(0, session.preset.evaluationQuestions);
  const sampled = await candidatesOf(session, policyDir, questions, session.preset.bestOf, { ...paperSampling, maxNewTokens }, "sample for best-of-N");
  return { questions, answers: await annotateCandidates(sampled, questions, atlasAnnotator(session)) };
}

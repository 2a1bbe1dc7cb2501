/**
 * Completions that policies give, each sampled once: a file is named by the hash of all that determines it and grows
 * question by question, so that a killed run goes on where it was.
 */
import path from "node:path";
import type { Traced } from "../show/provenance";
import { someOf, UserError } from "../base/check";
import { hashOf } from "../base/hash";
import { inTurn } from "../base/lock";
import { annotateCandidates } from "../factuality/annotator";
import type { AnnotatedCandidate, Candidate, Question } from "../factuality/records";
import { greedySampling, paperSampling, type SamplingOptions } from "../model/generate";
import { policyHash } from "../model/policy";
import { sampleInto } from "../preference/sampleInto";
import { atlasAnnotator } from "../world/oracle";
import { evaluationQuestions } from "./questions";
import { runFolder } from "../base/runFolder";
import type { Session } from "./session";
import { codeVersions } from "../base/codeVersions";

/** Candidates, and the run folder that keeps them. */
export interface Sampled extends Traced {
  candidates: Candidate[];
}

/** K candidates of every question, in a run folder of their own. */
export async function candidatesOf(
  { seed, engine, runs }: Session,
  policyDir: string,
  questions: readonly Question[],
  k: number,
  sampling: SamplingOptions,
  label: string,
): Promise<Sampled> {
  const key = {
    policy: policyHash(policyDir),
    questions: hashOf(questions),
    k,
    sampling,
    seed,
    engine: engine.arithmetic,
    code: codeVersions("sampling"),
  };
  const folder = runFolder(runs, "candidates", key);
  const file = path.join(folder, "candidates.jsonl");
  const { rows: candidates, leftOut } = await inTurn(() =>
    sampleInto(file, policyDir, questions, k, sampling, seed, label),
  ); // experiments side by side may want the same
  if (leftOut.length > 0)
    throw new UserError({
      where: policyDir,
      expected: "a model with positions for every question",
      got: `prompts that leave none for an answer (${someOf(leftOut)})`,
      fix: "Shorten them.",
    });
  return { candidates, runs: [path.basename(folder)] };
}

/** How answers are drawn for evaluation: greedy (Table 1, "top-k=1") or top-k 40 at T 0.8 (Table 6). */
export type Decoding = "greedy" | "sampled";

/** How a question is put to a policy: as it is, or with something added to its prompt. */
export type Ask = (question: Question) => Question;
export const asIs: Ask = (question) => question;

/** Questions with annotated answers. */
export interface Answered extends Traced {
  questions: Question[];
  answers: AnnotatedCandidate[];
}

/**
 * Annotated answers of a policy to an evaluation split: one each when greedy, the preset's number of samples otherwise.
 */
export async function answersOf(
  session: Session,
  policyDir: string,
  split: "test" | "ood" | "validation",
  decoding: Decoding,
  ask: Ask = asIs,
): Promise<Answered> {
  const questions = evaluationQuestions(session, split, session.preset.evaluationQuestions).map(ask);
  const [k, sampling] = decoding === "greedy" ? [1, greedySampling] : [session.preset.samples, paperSampling];
  const { candidates, runs } = await candidatesOf(
    session,
    policyDir,
    questions,
    k,
    { ...sampling, maxNewTokens: session.preset.maxNewTokens },
    `answer ${split} questions (${decoding})`,
  );
  return { questions, answers: await annotateCandidates(candidates, questions, atlasAnnotator(session.atlas)), runs };
}

/** Annotated answers for best-of-N, as many a question as the largest N, to the preset's test questions. */
export async function bestOfAnswers(
  session: Session,
  policyDir: string,
  most = session.preset.bestOf,
  temperature: number = paperSampling.temperature,
): Promise<Answered> {
  const questions = evaluationQuestions(session, "test", session.preset.bestOfQuestions);
  const { candidates, runs } = await candidatesOf(
    session,
    policyDir,
    questions,
    most,
    { ...paperSampling, temperature, maxNewTokens: session.preset.maxNewTokens },
    "sample for best-of-N",
  );
  return { questions, answers: await annotateCandidates(candidates, questions, atlasAnnotator(session.atlas)), runs };
}

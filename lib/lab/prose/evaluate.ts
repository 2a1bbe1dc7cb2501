/** Evaluations of policies on the study's questions, each computed once. */
import { z } from "zod";
import { codeVersions } from "../../base/codeVersions";
import { hashOf } from "../../base/hash";
import { Rng } from "../../base/rng";
import { annotateCandidates } from "../../factuality/annotator";
import type { Question } from "../../factuality/records";
import { greedySampling, paperSampling } from "../../model/generate";
import { withPolicy } from "../../model/policy";
import { closedQuestions } from "../../world/closedQuestions";
import { candidatesOf, type Answered, type Decoding } from "../candidates";
import { kept, type Kept } from "../kept";
import { probe, probedSchema, type Probed } from "./probe";
import type { ProseStudy } from "./study";
import { proseMeasures, proseTotals, proseTotalsSchema, type ProseTotals } from "./totals";

/** A policy's folder and its hash, or that of one that is gone by now. */
export interface ProsePolicy {
  dir: string;
  hash: string;
}

/** Annotated answers of a policy, one each when greedy. */
export async function proseAnswers(
  { session, annotator }: ProseStudy,
  { dir }: ProsePolicy,
  questions: readonly Question[],
  decoding: Decoding,
  samples: number,
): Promise<Answered> {
  const [k, sampling] = decoding === "greedy" ? [1, greedySampling] : [samples, paperSampling];
  const { maxNewTokens } = session.preset;
  const { candidates, runs } = await candidatesOf(
    session,
    dir,
    questions,
    k,
    { ...sampling, maxNewTokens },
    `answer ${questions.length} questions (${decoding})`,
  );
  const own = questions.slice();
  return { questions: own, answers: await annotateCandidates(candidates, own, annotator), runs };
}

/** Sums over a policy's answers to validation or test questions. */
export function evaluateProse(
  study: ProseStudy,
  policy: ProsePolicy,
  split: "validation" | "test",
  decoding: Decoding,
): Promise<Kept<ProseTotals>> {
  const { session, size } = study;
  const questions = study.questions[split];
  const samples = decoding === "greedy" ? 1 : size.samples;
  const key = {
    policy: policy.hash,
    questions: hashOf(questions),
    decoding,
    samples,
    maxNewTokens: size.maxNewTokens,
    measures: proseMeasures,
    seed: session.seed,
    engine: session.engine.arithmetic,
    code: codeVersions("sampling", "gazetteer", "evaluation"),
  };
  return kept(session, "prose-evaluation", key, proseTotalsSchema, async () => {
    const { answers } = await proseAnswers(study, policy, questions, decoding, samples);
    return proseTotals(study, questions, answers);
  });
}

/** What a policy knows of test topics, by closed questions. */
export function probeProse(study: ProseStudy, policy: ProsePolicy): Promise<Kept<Probed[]>> {
  const { session, size } = study;
  const topics = study.questions.test.slice(0, size.probedTopics).map(({ topic }) => topic);
  const asked = closedQuestions(session.atlas, topics, size.wrongValues, new Rng("closed questions"));
  const key = {
    policy: policy.hash,
    questions: hashOf(asked),
    engine: session.engine.arithmetic,
    code: codeVersions("training"),
  };
  return kept(session, "prose-probe", key, z.array(probedSchema), async () => {
    return withPolicy(policy.dir, (loaded) => probe(loaded, asked));
  });
}

/** Which kinds of facts are right before and after alignment (notebook 02). */
import { runsOf, type Traced } from "../show/provenance";
import { Rng } from "../base/rng";
import type { Interval } from "../base/stats";
import { type RelationAccuracy, relationAccuracy, relationDifferences } from "../evaluation/relationAccuracy";
import { answersOf, type Answered } from "../lab/candidates";
import { trainedPolicy } from "../lab/experiment";
import type { AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";
import type { RelationName } from "../world/relation";

/** Accuracy by relation, and the run folders of the answers. */
export interface Relations extends Traced {
  rows: RelationAccuracy[];
}

/** A policy's sampled answers to test questions, of some seeds together. */
export async function sampledAnswers(
  session: Session,
  policies: readonly { dir: string; seed: number }[],
): Promise<Answered> {
  const sets = [];
  for (const { dir, seed } of policies) sets.push(await answersOf({ ...session, seed }, dir, "test", "sampled"));
  return { questions: sets[0]!.questions, answers: sets.flatMap(({ answers }) => answers), runs: runsOf(...sets) };
}

/** Accuracy after minus before, paired over topics. @param policies before and after, of one or more seeds each */
export async function relationGains(
  session: Session,
  { before, after }: Record<"before" | "after", readonly { dir: string; seed: number }[]>,
): Promise<Map<RelationName, Interval>> {
  const [was, is] = [await sampledAnswers(session, before), await sampledAnswers(session, after)];
  const rng = new Rng(session.seed).fork("relation gains");
  return relationDifferences(session.atlas, was.questions, was.answers, is.answers, rng);
}

/** Of a policy's sampled test answers at some seeds. */
export async function relationsOf(
  session: Session,
  policies: readonly { dir: string; seed: number }[],
): Promise<Relations> {
  const { questions, answers, runs } = await sampledAnswers(session, policies);
  const rng = new Rng(session.seed).fork("relations");
  return { rows: relationAccuracy(session.atlas, questions, answers, rng), runs };
}

/** The policies of an aligned arm, and the base asked at the same seeds. */
export function policiesOf(
  session: Session,
  { results }: AlignedArm,
): Record<"before" | "after", { dir: string; seed: number }[]> {
  return {
    before: results.map(({ experiment: { seed } }) => ({ dir: session.baseDir, seed })),
    after: results.map(({ experiment }) => ({ dir: trainedPolicy(session, experiment), seed: experiment.seed })),
  };
}

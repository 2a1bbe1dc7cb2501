/** Which kinds of facts are right before and after alignment (notebook 02). */
import { runsOf, type Traced } from "../show/provenance";
import { Rng } from "../base/rng";
import { type RelationAccuracy, relationAccuracy } from "../evaluation/relationAccuracy";
import { answersOf } from "../lab/candidates";
import { trainedPolicy } from "../lab/experiment";
import type { AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";

/** Accuracy by relation, and the run folders of the answers. */
export interface Relations extends Traced {
  rows: RelationAccuracy[];
}

/** Of a policy's sampled test answers at some seeds. */
export async function relationsOf(
  session: Session,
  policies: readonly { dir: string; seed: number }[],
): Promise<Relations> {
  const sets = [];
  for (const { dir, seed } of policies) sets.push(await answersOf({ ...session, seed }, dir, "test", "sampled"));
  const [{ questions }, rng] = [sets[0]!, new Rng(session.seed).fork("relations")];
  const rows = relationAccuracy(
    session.atlas,
    questions,
    sets.flatMap(({ answers }) => answers),
    rng,
  );
  return { rows, runs: runsOf(...sets) };
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

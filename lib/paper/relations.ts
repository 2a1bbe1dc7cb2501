/** Which kinds of facts are right before and after alignment (notebook 02). */
import { Rng } from "../base/rng";
import { type RelationAccuracy, relationAccuracy } from "../evaluation/relationAccuracy";
import { answersOf } from "../lab/candidates";
import { trainedPolicy } from "../lab/experiment";
import type { AlignedArm } from "../lab/runArms";
import type { Session } from "../lab/session";

/** Accuracy by relation of a policy's sampled test answers at some seeds. */
export async function relationsOf(
  session: Session,
  policies: readonly { dir: string; seed: number }[],
): Promise<RelationAccuracy[]> {
  const sets = [];
  for (const { dir, seed } of policies) sets.push(await answersOf({ ...session, seed }, dir, "test", "sampled"));
  return relationAccuracy(
    session.atlas,
    sets[0]!.questions,
    sets.flatMap(({ answers }) => answers),
    new Rng(session.seed).fork("relations"),
  );
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

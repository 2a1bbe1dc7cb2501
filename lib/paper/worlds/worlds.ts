/**
 * Notebook 14: the paper's experiments where answers choose which facts to state, and where they are told, on one base
 * that was pretrained on both kinds of questions. What holds where nothing can be chosen is about knowing.
 */
import type { Arm, ArmDifference } from "../../evaluation/arm";
import type { BestOfNPoint } from "../../evaluation/bestOfN";
import { decomposeGain } from "../../evaluation/relationAccuracy";
import { answersOf } from "../../lab/candidates";
import { armOf, policyArm, runArms, type AlignedArm } from "../../lab/runArms";
import type { Session } from "../../lab/session";
import type { ArmSpec } from "../../lab/study";
import type { MaskKind } from "../../preference/mask";
import { runsOf, type Traced } from "../../show/provenance";
import { keepsToAgenda } from "../../world/agenda";
import { policiesOf, relationsOf } from "../relations";
import { maskArms } from "../table2";
import { scalingArms, scalingOf, type Scaling } from "../table4";
import { groupArms, runGroups, type GroupArms, type GroupResult } from "../table5";
import { curveOf, gapsOf, sampleBestOf, slopeOf } from "../table6";
import { baseAnswers, testHallucinations, type DirectTest } from "../topicGraph";

/** One of each world. */
export type InBoth<T> = Readonly<Record<"free" | "fixed", T>>;

/** The masks of Table 2, without policies on the way. */
export function worldMaskArms(session: Session): Record<MaskKind, ArmSpec> {
  const arms = maskArms(session);
  const plain = (mask: MaskKind): ArmSpec => ({
    ...arms[mask],
    setting: { mask },
    evaluations: ["test sampled", "test greedy"],
  });
  return { paper: plain("paper"), none: plain("none"), random: plain("random"), inverted: plain("inverted") };
}

/** Of Table 5 the halves of the aligned base by its own vectors, and by chance. */
export function worldGroups(session: Session): GroupArms[] {
  return groupArms(session).filter(
    ({ policy, embedding, share }) =>
      policy === "base" && share === 1 / 2 && (embedding === "base" || embedding === "random"),
  );
}

/** All arms of a world, whose rates and strengths are tried in it. */
export function worldArms(session: Session): ArmSpec[] {
  return [
    ...Object.values(worldMaskArms(session)),
    ...Object.values(scalingArms(session)),
    ...worldGroups(session).flatMap(({ near, far }) => [near, far]),
  ];
}

/** Share of sampled answers that state what is asked for and nothing else. */
export interface Kept extends Traced {
  base: number;
  maskDpo: number;
}

/** What one world comes to. */
export interface WorldResults {
  base: Record<"test sampled" | "test greedy", Arm>;
  masks: Record<MaskKind, AlignedArm>;
  scaling: Scaling;
  groups: GroupResult[];
  bestOf: Record<"base" | "maskDpo", BestOfNPoint[]> & {
    gaps: (ArmDifference & { n: number })[];
    slope: ArmDifference;
  };
  graph: DirectTest;
  /** Kitagawa's parts of Mask-DPO's gain in right statements, as shares */
  gain: { choice: number; accuracy: number } & Traced;
  kept: Kept;
}

/** Runs what is missing of a world. @throws UserError as `runArms` */
export async function runWorld(session: Session): Promise<WorldResults> {
  const { maskSeeds, seeds } = session.preset;
  const arms = await runArms(session, { ...worldMaskArms(session), ...scalingArms(session) });
  const bestOf = await sampleBestOf(session, arms.paper, seeds);
  return {
    base: {
      "test sampled": await policyArm(session, "base", "base", "test sampled", maskSeeds),
      "test greedy": await policyArm(session, "base", "base", "test greedy", maskSeeds),
    },
    masks: arms,
    scaling: scalingOf(arms, armOf(arms.paper, "test sampled", seeds)),
    groups: await runGroups(session, worldGroups(session)),
    bestOf: {
      base: curveOf(session, bestOf.base),
      maskDpo: curveOf(session, bestOf.maskDpo),
      gaps: gapsOf(session, bestOf),
      slope: slopeOf(session, bestOf),
    },
    graph: await testHallucinations(session, await baseAnswers(session)),
    gain: await gainOf(session, arms.paper),
    kept: await keptOf(session, arms.paper),
  };
}

async function gainOf(session: Session, aligned: AlignedArm): Promise<WorldResults["gain"]> {
  const policies = policiesOf(session, aligned);
  const [before, after] = [await relationsOf(session, policies.before), await relationsOf(session, policies.after)];
  return { ...decomposeGain(before.rows, after.rows), runs: runsOf(before, after) };
}

async function keptOf(session: Session, aligned: AlignedArm): Promise<Kept> {
  const policies = policiesOf(session, aligned);
  const share = async (of: typeof policies.before): Promise<{ value: number } & Traced> => {
    const sets = [];
    for (const { dir, seed } of of) sets.push(await answersOf({ ...session, seed }, dir, "test", "sampled"));
    const byId = new Map(sets[0]!.questions.map((question) => [question.id, question]));
    const answers = sets.flatMap(({ answers }) => answers);
    const kept = answers.filter(({ questionId, completion }) => keepsToAgenda(byId.get(questionId)!, completion));
    return { value: kept.length / answers.length, runs: runsOf(...sets) };
  };
  const [base, maskDpo] = [await share(policies.before), await share(policies.after)];
  return { base: base.value, maskDpo: maskDpo.value, runs: runsOf(base, maskDpo) };
}

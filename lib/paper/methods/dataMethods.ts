/** Notebook 12: methods that change data and rounds, together: what several of them begin with runs once. */
import { Rng } from "../../base/rng";
import type { Arm } from "../../evaluation/arm";
import { armTable } from "../../evaluation/armTables";
import type { MethodClaim } from "../../evaluation/methodClaims";
import type { Session } from "../../lab/session";
import { runStagedArms, type StagedArm, type StagedSpec } from "../../lab/stages/runStages";
import type { Table } from "../../show/table";
import { factTuneArms, factTuneComparisons } from "./factTune";
import { flameArms, flameComparisons } from "./flame";
import { misleadingArms, misleadingComparisons } from "./misleading";
import { onPolicyArms, onPolicyComparisons } from "./onPolicy";
import { opaArms, opaComparisons } from "./opa";
import { goalArms, goalComparisons, lowerGoalArms } from "./rewardAugmented";
import { spaArms, spaComparisons } from "./spa";
import { measuredMethod, sampledOf, type MethodComparison } from "./staged";
import { tisArms, tisComparisons } from "./tisDpo";
import { tokenRewardArms, tokenRewardComparisons } from "./tokenRewards";

type ArmsOf<Make extends (session: Session) => Record<string, StagedSpec>> = Record<keyof ReturnType<Make>, StagedArm>;

/** Arms by method. */
export interface DataMethods {
  factTune: ArmsOf<typeof factTuneArms>;
  flame: ArmsOf<typeof flameArms>;
  goals: ArmsOf<typeof goalArms>;
  lowerGoals: ArmsOf<typeof lowerGoalArms>;
  spa: ArmsOf<typeof spaArms>;
  onPolicy: ArmsOf<typeof onPolicyArms>;
  tis: ArmsOf<typeof tisArms>;
  misleading: ArmsOf<typeof misleadingArms>;
  opa: ArmsOf<typeof opaArms>;
  tokenRewards: ArmsOf<typeof tokenRewardArms>;
}

/** Specs of all methods, by method. */
export function dataMethodArms(session: Session): { [Name in keyof DataMethods]: Record<string, StagedSpec> } {
  return {
    factTune: factTuneArms(session),
    flame: flameArms(session),
    goals: goalArms(session),
    lowerGoals: lowerGoalArms(session),
    spa: spaArms(session),
    onPolicy: onPolicyArms(session),
    tis: tisArms(session),
    misleading: misleadingArms(session),
    opa: opaArms(session),
    tokenRewards: tokenRewardArms(session),
  };
}

/** Runs what is missing of all methods together. @throws UserError as `runStagedArms` */
export async function runDataMethods(session: Session): Promise<DataMethods> {
  const methods = Object.entries(dataMethodArms(session));
  const all = methods.flatMap(([method, arms]) =>
    Object.entries(arms).map(([key, spec]): [string, StagedSpec] => [`${method} ${key}`, spec]),
  );
  const done = await runStagedArms(session, Object.fromEntries(all));
  const byMethod = methods.map(([method, arms]) => [
    method,
    Object.fromEntries(Object.keys(arms).map((key) => [key, done[`${method} ${key}`]!])),
  ]);
  return Object.fromEntries(byMethod) as unknown as DataMethods;
}

/** What their papers claim, measured. @param base its sampled test answers, with as many seeds as the arms */
export function dataMethodClaims({ seed }: Session, base: Arm, methods: DataMethods): MethodClaim[] {
  const { factTune, flame, goals, spa, onPolicy, tis, misleading, opa, tokenRewards } = methods;
  const comparisons: MethodComparison[] = [
    ...factTuneComparisons(base, factTune),
    ...flameComparisons(base, flame),
    ...goalComparisons(goals),
    ...spaComparisons(spa),
    ...onPolicyComparisons(onPolicy),
    ...tisComparisons(tis),
    ...misleadingComparisons(misleading),
    ...opaComparisons(opa),
    ...tokenRewardComparisons(tokenRewards),
  ];
  const rng = new Rng(seed).fork("data methods");
  return comparisons.map((comparison) => measuredMethod(comparison, rng));
}

/** A method's arms in order, behind the base: counts, length and scores, sampled and greedy. */
export function methodArmTable(
  session: Session,
  name: string,
  caption: string,
  base: { sampled: Arm; greedy: Arm },
  arms: Readonly<Record<string, StagedArm>>,
): Table {
  const rows = Object.values(arms).map((arm) => ({ arm: sampledOf(arm), greedy: arm.arms["test greedy"] }));
  return armTable(session, name, caption, [{ arm: base.sampled, greedy: base.greedy }, ...rows]);
}

/** FactTune: any two of K candidates whose scores differ make a pair, instead of best and worst. */
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Arm } from "../../evaluation/arm";
import { printedGain, table1, table2 } from "../printed";
import { dpoStage, pairRows, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "bestWorst" | "anyPairs" | "masked";

export function factTuneArms(session: Session): Record<Key, StagedSpec> {
  return {
    bestWorst: staged(session, "DPO, best and worst", dpoStage(session)),
    anyPairs: staged(session, "FactTune, any two that differ", stage(pairRows("any"), trainingOf(session, "dpo"))),
    masked: staged(session, "DPO, best and worst, masked", stage(pairRows(), trainingOf(session, "dpo"), "paper")),
  };
}

export function factTuneComparisons(base: Arm, arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "FactTune";
  return [
    {
      method,
      text: "FactTune > base",
      theirs: "error rate -58 % biographies, -40 % medical against Llama 2 7B Chat (by its abstract)",
      higher: sampledOf(arms.anyPairs),
      lower: base,
      limits: "their scores are of an estimator; here of the oracle, and one pair a question for as many steps",
    },
    {
      method,
      text: "best and worst > any two that differ",
      theirs: "68.44 against 56.83 on ANAH (Mask-DPO, Tables 1 and 2; Llama 3.1 8B)",
      printed: printedGain(table1.factTune.score, table2.none.score),
      higher: sampledOf(arms.bestWorst),
      lower: sampledOf(arms.anyPairs),
      limits: "their FactTune also has another judge of the pairs",
    },
  ];
}

/** Parts of the arms of notebook 12: stages at the rates and strengths of the grid, and claims about them. */
import type { TrainOptions } from "../../align/trainOptions";
import type { Rng } from "../../base/rng";
import { armDifference, type Arm, type Score } from "../../evaluation/arm";
import type { MethodClaim } from "../../evaluation/methodClaims";
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import { chosenTraining, type ArmSpec } from "../../lab/study";

/** An objective at its own best rate and strength for best and worst pairs of the policy itself. */
export function trainingOf(
  session: Session,
  objective: "dpo" | "sft",
  changes: Partial<TrainOptions> = {},
): TrainOptions {
  return { ...session.preset.training, ...chosenTraining(session, { objective, mask: "none" }), ...changes };
}

/** No table's arm, but what stages of imitation have their rate from. */
export const imitation: ArmSpec = {
  label: "SFT (no mask)",
  setting: { objective: "sft", mask: "none" },
  seeds: 1,
  evaluations: [],
};

/** Pairs of the policy that a stage begins from, of some of the topics. */
export function pairRows(choose: "best-worst" | "any" | "implicit" = "best-worst", from = 0, to = 1): Stage["rows"] {
  return { rows: "pairs", choose, from, to };
}

/** A stage without a mask. */
export function stage(rows: Stage["rows"], training: TrainOptions, mask: Stage["mask"] = "none"): Stage {
  return { rows, mask, training };
}

/** Plain DPO on best and worst of K: what most methods are set against. */
export function dpoStage(session: Session): Stage {
  return stage(pairRows(), trainingOf(session, "dpo"));
}

/** An arm of such stages, with the seeds that other tables have. */
export function staged({ preset }: Session, label: string, ...stages: Stage[]): StagedSpec {
  return { label, stages, seeds: preset.seeds, evaluations: ["test sampled", "test greedy"] };
}

/** Its sampled test answers. @throws Error where they were not asked for */
export function sampledOf({ label, arms }: StagedArm): Arm {
  const arm = arms["test sampled"];
  if (!arm) throw new Error(`sampledOf: expected sampled test answers of "${label}", got none`);
  return arm;
}

/** A claim that is not measured yet. */
export interface MethodComparison extends Omit<MethodClaim, "here"> {
  higher: Arm;
  lower: Arm;
  /** default: of sentences */
  score?: Score;
}

export function measuredMethod({ higher, lower, score = "score", ...claim }: MethodComparison, rng: Rng): MethodClaim {
  return { ...claim, here: armDifference(higher, lower, score, rng.fork(claim.method).fork(claim.text)) };
}

/**
 * Off-policy against refreshed samples, with and without a negative gradient, and samples that are used again (Tajwar
 * et al.): as many candidates judged and as many steps in each, but for the arm that uses a third of them three times.
 */
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import { dpoStage, pairRows, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "dpo" | "sft" | "refreshedDpo" | "refreshedSft" | "reused";

const refreshes = 3;

export function onPolicyArms(session: Session): Record<Key, StagedSpec> {
  const { epochs } = session.preset.training;
  const refreshed = (objective: "dpo" | "sft"): Stage[] =>
    Array.from({ length: refreshes }, (_, i) =>
      stage(pairRows("best-worst", i / refreshes, (i + 1) / refreshes), trainingOf(session, objective)),
    );
  const reused = trainingOf(session, "dpo", { epochs: refreshes * epochs });
  return {
    dpo: staged(session, "DPO, off-policy", dpoStage(session)),
    sft: staged(session, "SFT on the best, off-policy", stage(pairRows(), trainingOf(session, "sft"))),
    refreshedDpo: staged(session, "DPO, refreshed 3 times", ...refreshed("dpo")),
    refreshedSft: staged(session, "SFT on the best, refreshed 3 times", ...refreshed("sft")),
    reused: staged(session, "DPO, a third 3 times", stage(pairRows("best-worst", 0, 1 / refreshes), reused)),
  };
}

export function onPolicyComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "Suboptimal, on-policy data";
  const of = (key: Key) => sampledOf(arms[key]);
  const bandits = "bandits, summarisation, Alpaca (Pythia 1.4B, Mistral 7B); curves, no number of this kind";
  const refresh = "each refresh is also the new reference, and has a schedule of its own";
  return [
    {
      method,
      text: "DPO > SFT on the best, off-policy (negative gradient)",
      theirs: bandits,
      higher: of("dpo"),
      lower: of("sft"),
      limits: "one kind of reward; the claim is about rewards far from the reference",
    },
    {
      method,
      text: "DPO > SFT on the best, refreshed",
      theirs: bandits,
      higher: of("refreshedDpo"),
      lower: of("refreshedSft"),
      limits: refresh,
    },
    {
      method,
      text: "refreshed > off-policy, DPO",
      theirs: bandits,
      higher: of("refreshedDpo"),
      lower: of("dpo"),
      limits: refresh,
    },
    {
      method,
      text: "refreshed > off-policy, SFT on the best",
      theirs: bandits,
      higher: of("refreshedSft"),
      lower: of("sft"),
      limits: refresh,
    },
    {
      method,
      text: "all samples once > a third of them three times",
      theirs: "using samples again is tolerable for contrastive losses",
      higher: of("dpo"),
      lower: of("reused"),
      limits: "not shown would speak for the paper here",
    },
  ];
}

/** FLAME: what to imitate before DPO; facts that the policy does not know may teach it to make some up. */
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import type { Arm } from "../../evaluation/arm";
import { dpoStage, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

const sources = { own: "own best of K", known: "known facts", unknown: "unknown facts", true: "any facts" } as const;
type Source = keyof typeof sources;
type Key = Source | "ownDpo" | "trueDpo";

export function flameArms(session: Session): Record<Key, StagedSpec> {
  const sft = (of: Source): Stage => stage({ rows: "demonstrations", of }, trainingOf(session, "sft"));
  const arm = (of: Source) => staged(session, `SFT on ${sources[of]}`, sft(of));
  const then = (of: Source) => staged(session, `SFT on ${sources[of]}, then DPO`, sft(of), dpoStage(session));
  return {
    own: arm("own"),
    known: arm("known"),
    unknown: arm("unknown"),
    true: arm("true"),
    ownDpo: then("own"),
    trueDpo: then("true"),
  };
}

export function flameComparisons(base: Arm, arms: Record<Key, StagedArm>): MethodComparison[] {
  const of = (key: Key) => sampledOf(arms[key]);
  const gekhman = "hallucination grows with the unknown examples that are fitted (Gekhman et al. 2024; PaLM 2)";
  return [
    {
      method: "FLAME",
      text: "SFT on known facts > on unknown ones",
      theirs: gekhman,
      higher: of("known"),
      lower: of("unknown"),
      limits: "known: most of K own statements are right; rows differ in relations and length too",
    },
    {
      method: "FLAME",
      text: "base > SFT on unknown facts",
      theirs: gekhman,
      higher: base,
      lower: of("unknown"),
      limits: "one pass, as many questions as DPO has",
    },
    {
      method: "FLAME",
      text: "SFT on own answers, then DPO > on true texts, then DPO, by facts",
      theirs: "+5.6 FActScore on Biography against standard SFT and DPO (Llama 2 70B; from a summary)",
      printed: 5.6,
      higher: of("ownDpo"),
      lower: of("trueDpo"),
      score: "factScore",
      limits:
        "no instructions other than questions of fact, so nothing to classify; helpfulness is the number of facts",
    },
  ];
}

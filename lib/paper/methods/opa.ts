/** OPA-DPO: answers that an expert corrected, made on-policy by imitation before they are preferred. */
import { mean } from "../../base/stats";
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import type { Table } from "../../show/table";
import { dpoStage, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "own" | "corrected" | "imitated" | "onPolicy";

export function opaArms(session: Session): Record<Key, StagedSpec> {
  const imitate: Stage = stage({ rows: "corrected", as: "demonstrations" }, trainingOf(session, "sft"));
  const prefer: Stage = stage({ rows: "corrected", as: "pairs" }, trainingOf(session, "dpo"));
  return {
    own: staged(session, "DPO, best and worst of its own", dpoStage(session)),
    corrected: staged(session, "DPO, corrected answers", prefer),
    imitated: staged(session, "SFT on corrected answers", imitate),
    onPolicy: staged(session, "OPA-DPO: SFT on them, then DPO", imitate, prefer),
  };
}

export function opaComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "OPA-DPO";
  const of = (key: Key) => sampledOf(arms[key]);
  const theirs =
    "hallucination rate -13.26 % (AMBER), -5.39 % (Object-Hal) to the best before (LLaVA 1.5 7B; abstract)";
  const limits = "text only, no token scores, no anchor; losses of sequences, not position by position as in its code";
  return [
    {
      method,
      text: "corrected answers made on-policy first > at once",
      theirs,
      higher: of("onPolicy"),
      lower: of("corrected"),
      limits,
    },
    {
      method,
      text: "OPA-DPO > SFT on corrected answers",
      theirs: "an ablation of the paper; number not verified",
      higher: of("onPolicy"),
      lower: of("imitated"),
      limits,
    },
    {
      method,
      text: "OPA-DPO > best and worst of its own",
      theirs: "not in the paper",
      higher: of("onPolicy"),
      lower: of("own"),
      limits: "an oracle corrects here; best and worst need a judge only",
    },
  ];
}

/** How likely the corrected answers are under the reference of DPO, at once and after imitation. */
export function correctedTable(arms: Record<Key, StagedArm>): Table {
  const logp = ({ stages }: StagedArm): number => mean(stages.map((seed) => seed.at(-1)!.measures["correctedLogp"]!));
  return {
    name: "12-corrected",
    caption: "OPA-DPO: log-probability a token of the corrected answers under the reference of DPO (training topics)",
    columns: [
      { key: "reference", label: "Reference" },
      { key: "logp", label: "Nats a token", digits: 3 },
    ],
    rows: [
      { reference: "the base", logp: logp(arms.corrected), runs: arms.corrected.runs.join(" ") },
      { reference: "after imitation", logp: logp(arms.onPolicy), runs: arms.onPolicy.runs.join(" ") },
    ],
  };
}

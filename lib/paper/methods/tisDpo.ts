/** TIS-DPO: do estimated weights tell right tokens from wrong ones, and does it help to weigh by them? */
import { mean } from "../../base/stats";
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Table } from "../../show/table";
import { dpoStage, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "uniform" | "contrast" | "shuffled" | "verdicts";

export function tisArms(session: Session): Record<Key, StagedSpec> {
  const contrast = trainingOf(session, "dpo"); // weights come with the pairs: it is DPO otherwise
  const arm = (estimator: Exclude<Key, "uniform">, label: string) =>
    staged(session, label, stage({ rows: "weighted", estimator, contrast }, contrast));
  return {
    uniform: staged(session, "DPO, equal weights", dpoStage(session)),
    contrast: arm("contrast", "TIS-DPO, estimated weights"),
    shuffled: arm("shuffled", "the same weights, shuffled"),
    verdicts: arm("verdicts", "weights that know the verdicts"),
  };
}

export function tisComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "TIS-DPO";
  const of = (key: Key) => sampledOf(arms[key]);
  const theirs = "better than DPO on harmlessness, helpfulness, summarisation (by its abstract, numbers not verified)";
  const limits = "weights of its code (rank, 0.7 to 1.3); three trainings instead of one";
  return [
    { method, text: "estimated weights > DPO", theirs, higher: of("contrast"), lower: of("uniform"), limits },
    {
      method,
      text: "estimated weights > the same, shuffled",
      theirs: "not in the paper",
      higher: of("contrast"),
      lower: of("shuffled"),
      limits,
    },
    {
      method,
      text: "weights that know the verdicts > estimated ones",
      theirs: "not in the paper",
      higher: of("verdicts"),
      lower: of("contrast"),
      limits: "a mask is the extreme of such weights (Table 2)",
    },
  ];
}

/** How often a right token has a higher estimate than a wrong one; chance is 50 %. */
export function estimatorTable(arms: Record<Key, StagedArm>): Table {
  const { stages, runs } = arms.contrast;
  const of = (key: string) => 100 * mean(stages.map((seed) => seed.at(-1)!.measures[key]!));
  return {
    name: "12-estimator",
    caption: "TIS-DPO: AUC of the estimated weights against the oracle's verdicts, by token (%)",
    columns: [
      { key: "side", label: "Side" },
      { key: "auc", label: "AUC (%)" },
    ],
    rows: [
      { side: "chosen", auc: of("aucChosen") },
      { side: "rejected", auc: of("aucRejected") },
    ],
    runs,
  };
}

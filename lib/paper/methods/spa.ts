/** SPA: a few labelled pairs, then rounds in which the policy's own implicit reward labels what it samples. */
import { mean } from "../../base/stats";
import type { Session } from "../../lab/session";
import type { StagedArm, StagedSpec } from "../../lab/stages/runStages";
import type { Stage } from "../../lab/stages/stage";
import type { Table } from "../../show/table";
import { pairRows, sampledOf, stage, staged, trainingOf, type MethodComparison } from "./staged";

type Key = "seed" | "spa" | "smoothed" | "oracle";

/** Share of the topics whose pairs are labelled, as in the paper, but no fewer topics; and passes over them. */
const paperShare = 0.033;
const fewestTopics = 3;
const seedPasses = 3;
const rounds = 2;

export function spaArms(session: Session): Record<Key, StagedSpec> {
  const training = trainingOf(session, "dpo");
  const labelled = Math.max(paperShare, fewestTopics / session.preset.topics);
  const from = (round: number) => labelled + ((1 - labelled) * round) / rounds;
  const first = stage(pairRows("best-worst", 0, labelled), { ...training, epochs: seedPasses });
  const smooth = {
    ...training,
    objective: { name: "cdpo", options: { ...training.objective.options, labelSmoothing: 0.1 } },
  };
  const round = (choose: "implicit" | "best-worst", options: typeof training): Stage[] =>
    Array.from({ length: rounds }, (_, i) => stage(pairRows(choose, from(i), from(i + 1)), options));
  return {
    seed: staged(session, `labels for ${(100 * labelled).toFixed(1)} % of the topics`, first),
    spa: staged(session, "SPA, two rounds", first, ...round("implicit", training)),
    smoothed: staged(session, "SPA, two rounds, labels smoothed", first, ...round("implicit", smooth)),
    oracle: staged(session, "the same rounds, all labels the oracle's", first, ...round("best-worst", training)),
  };
}

export function spaComparisons(arms: Record<Key, StagedArm>): MethodComparison[] {
  const method = "SPA";
  const of = (key: Key) => sampledOf(arms[key]);
  const limits = "smoothing is of every pair, not of the least sure tenth";
  return [
    {
      method,
      text: "SPA > its seed",
      theirs: "21.1 % AlpacaEval 2.0 win rate with 3.3 % of the labels (Mistral 7B; from a summary)",
      higher: of("spa"),
      lower: of("seed"),
      limits,
    },
    {
      method,
      text: "SPA with smoothing > without",
      theirs: "an ablation of the paper; number not verified",
      higher: of("smoothed"),
      lower: of("spa"),
      limits,
    },
    {
      method,
      text: "few labels and its own > all labels",
      theirs: "better than with all labels (by its abstract)",
      higher: of("spa"),
      lower: of("oracle"),
      limits: "an exact oracle labels here; theirs were preferences of a model or of people",
    },
  ];
}

/** How often the implicit reward orders two candidates as the oracle does, by round; chance is 50 %. */
export function implicitLabelTable(arms: Record<Key, StagedArm>): Table {
  const { stages, runs } = arms.spa;
  const share = (round: number, key: string) => 100 * mean(stages.map((seed) => seed[round]!.measures[key]!));
  return {
    name: "12-labels",
    caption: "SPA: labels of the implicit reward that agree with the oracle (%)",
    columns: [
      { key: "round", label: "Round", digits: 0 },
      { key: "pairs", label: "Pairs", digits: 0 },
      { key: "all", label: "All" },
      { key: "sure", label: "Larger half of the margins" },
      { key: "unsure", label: "Smaller half" },
    ],
    rows: Array.from({ length: rounds }, (_, i) => ({
      round: i + 1,
      pairs: mean(stages.map((seed) => seed[i + 1]!.rows)),
      all: share(i + 1, "labelAccuracy"),
      sure: share(i + 1, "sureLabels"),
      unsure: share(i + 1, "unsureLabels"),
    })),
    runs,
  };
}

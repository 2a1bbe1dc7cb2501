/** Results as tables. Scores are percent with 95 % intervals; counts are means per answer. */
import type { BestOfNPoint } from "./bestOfN";
import type { TrainOptions } from "../align/train";
import type { EvaluationSummary } from "./summary";
import { percent } from "./arm";
import type { Session } from "../lab/session";
import type { Table } from "../show/table";

/** Engine, preset, seed and question counts, so that an executed notebook says what it was run with. */
export function describeSession({ engine, preset, seed, atlas }: Session): string {
  const { topics, questionsPerTopic, candidates, evaluationQuestions, samples, bestOf, bestOfQuestions } = preset;
  return [
    `engine ${engine.name} · preset ${preset.name} · seed ${seed}`,
    `${topics} training topics x ${questionsPerTopic} question${questionsPerTopic > 1 ? "s" : ""}, K = ${candidates} candidates each`,
    `${Math.min(evaluationQuestions, atlas.splits.test.length)} test questions, ${Math.min(evaluationQuestions, atlas.splits.ood.length)} out of domain; ${samples} sampled answers each; best of up to ${bestOf} for ${bestOfQuestions} test questions`,
  ].join("\n");
}

/** Hyperparameters beside the paper's words. */
export function describeTraining({ beta, lr, epochs, batch, warmup, weightDecay, betas, clip }: TrainOptions): Table {
  const row = (name: string, here: string | number, paper: string) => ({ name, here: String(here), paper });
  return {
    name: "02-hyperparameters", caption: "Hyperparameters: chosen on validation topics, the same for every mask",
    columns: [{ key: "name", label: "Hyperparameter" }, { key: "here", label: "Here", align: "right" }, { key: "paper", label: "Paper (App. A)" }],
    rows: [
      row("epochs", epochs, "\"the epoch is 3\""), row("learning rate", lr, "\"the learning rate is 5e-6\""), row("batch size (pairs)", batch, "\"the batch size is 64\""),
      row("beta", beta, "not stated (official code: 0.1)"), row("schedule", "cosine", "\"cosine annealing learning rate scheduler\""), row("warm-up (share of steps)", warmup, "not stated (official code: 0.03)"),
      row("AdamW betas", betas.join(", "), "not stated"), row("weight decay", weightDecay, "not stated (official code: 0)"), row("gradient clipping", clip, "not stated (official code: 1)"),
    ],
  };
}

/** What the gain in right statements is made of. */
export function gainTable({ choice, accuracy }: { choice: number; accuracy: number }): Table {
  const row = (what: string, points: number) => ({ what, points: 100 * points });
  return {
    name: "02-gain", caption: "Where the gain in right statements comes from (test, sampled; statements of a known relation)",
    columns: [{ key: "what", label: "Source" }, { key: "points", label: "Points", digits: 2 }],
    rows: [row("stating relations more often that are easier", choice), row("being right more often within a relation", accuracy), row("together", choice + accuracy)],
  };
}

export interface Evaluated {
  label: string;
  summary: EvaluationSummary;
  /** the paper's score (percent), where its tables have this row */
  paper?: number;
}

/** Counts and scores of policies, a row each (as Tables 1 and 2). */
export function evaluationTable(rows: readonly Evaluated[], name = "evaluation", caption = "Factuality of answers"): Table {
  return {
    name, caption,
    columns: [
      { key: "label", label: "Policy" }, { key: "correct", label: "# Correct", digits: 2 }, { key: "incorrect", label: "# Incorrect", digits: 2 }, { key: "noFact", label: "# No fact", digits: 2 },
      { key: "characters", label: "Characters", digits: 0 }, { key: "score", label: "% Score [95 %]" }, ...(rows.some(({ paper }) => paper !== undefined) ? [{ key: "paper", label: "Paper", digits: 2 }] : []),
    ],
    rows: rows.map(({ label, summary, paper = null }) => {
      const { correct, incorrect, noFact, characters } = summary.perAnswer;
      return { label, correct, incorrect, noFact, characters, score: percent(summary.score), paper };
    }),
  };
}

/** Best-of-N scores of policies, a row per N (as Table 6). */
export function bestOfTable(policies: readonly { label: string; points: readonly BestOfNPoint[]; paper?: Readonly<Record<number, number>> }[]): Table {
  const ns = policies[0]?.points.map(({ n }) => n) ?? [];
  return {
    name: "06-best-of-n", caption: "Best of N: expected score of the most factual of N answers (unbiased estimate, 95 % intervals over topics)",
    columns: [{ key: "n", label: "N" }, ...policies.flatMap(({ label, paper }, i) => [{ key: `p${i}`, label: `${label} (%)` }, ...(paper ? [{ key: `q${i}`, label: `Paper: ${label}`, digits: 2 }] : [])])],
    rows: ns.map((n, row) => ({ n, ...Object.fromEntries(policies.flatMap(({ points, paper }, i) => [[`p${i}`, percent(points[row]!.macroScore)], [`q${i}`, paper?.[n] ?? null]])) })),
  };
}

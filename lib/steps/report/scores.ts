/** Scores of a report's policies, and what each differs by from the first, in a line and in tables. */
import { percent } from "../../base/percent";
import { Rng } from "../../base/rng";
import type { Interval } from "../../base/stats";
import { comparePolicies, type Comparison } from "../../evaluation/compare";
import { summarise } from "../../evaluation/summary";
import { evaluationTable, type Evaluated } from "../../evaluation/tables";
import { rowFigure, type RowSeries } from "../../show/figure/rows";
import { palette } from "../../show/palette";
import type { ReportInputs } from "./inputs";
import type { Part } from "./part";
import { againstFirst, setsOf } from "./sets";
import { differencesTable } from "./tables";

export interface Scores {
  sets: readonly string[];
  /** By label: a policy's name, with its set where that is another than its answers. */
  evaluated: Evaluated[];
  /** Every other policy minus the first, in each set that has both. */
  differences: { label: string; comparison: Comparison }[];
}

const label = (name: string, set: string): string => (set === "answers" ? name : `${name} (sampled)`);

export function scoresOf(inputs: ReportInputs, seed: number): Scores {
  const { questions } = inputs;
  const sets = setsOf(inputs);
  const evaluated = sets.flatMap(({ set, policies }) =>
    policies.map(({ name, answers: rows }): Evaluated => ({
      label: label(name, set),
      summary: summarise(rows, questions, new Rng(seed).fork("evaluate")),
    })),
  );
  const rng = new Rng(seed).fork("compare");
  const differences = againstFirst(inputs).map(({ set, policy, first }) => ({
    label: label(policy.name, set),
    comparison: comparePolicies(policy.answers, first.answers, questions, rng.fork(set).fork(policy.name)),
  }));
  return { sets: sets.map(({ set }) => set), evaluated, differences };
}

/** The answer of the report, a sentence a comparison; of one policy alone its score. */
export function headline({ evaluated, differences }: Scores): string[] {
  const what = "the share of sentences without hallucination";
  if (differences.length === 0)
    return evaluated.map(({ label: name, summary: { score } }) => {
      const { value, low, high } = percent(score);
      return `${name}: ${what} is ${value.toFixed(1)} % [${low.toFixed(1)}, ${high.toFixed(1)}].`;
    });
  return differences.map(({ label: name, comparison: { score } }) => {
    const { value, low, high } = percent(score);
    const signed = (points: number): string => `${points > 0 ? "+" : ""}${points.toFixed(1)}`;
    const numbers =
      `from ${(100 * score.b).toFixed(1)} to ${(100 * score.a).toFixed(1)} % ` +
      `(${signed(value)} points [${low.toFixed(1)}, ${high.toFixed(1)}])`;
    if (low > 0) return `${name} raised ${what} ${numbers}.`;
    if (high < 0) return `${name} lowered ${what} ${numbers}.`;
    return `${name} is not shown to change ${what}: ${numbers}.`;
  });
}

export function scoresPart({ questions, answers, sampled }: ReportInputs, scores: Scores): Part {
  const { evaluated, differences } = scores;
  const first = answers[0]!.name;
  const panels = [
    { title: "Score (%)", zero: false, series: marks(answers, scores, (name) => scoreOf(scores, name)) },
    { title: `Minus ${first} (points)`, zero: true, series: marks(answers, scores, (name) => gainOf(scores, name)) },
  ];
  return {
    id: "scores",
    title: "Factuality",
    from: [...answers, ...sampled].map(({ file }) => file),
    tables: [
      evaluationTable(evaluated, "scores", "Factuality of answers: sentences of each kind per answer, and their score"),
      ...(differences.length > 0 ? [differencesTable(first, differences)] : []),
    ],
    figures: [
      rowFigure({
        name: "scores",
        title: "Factuality before and after alignment",
        note: `95 % intervals over ${new Set(questions.map(({ topic }) => topic)).size} topics, differences paired.`,
        rows: answers.map(({ name }) => name),
        panels: differences.length > 0 ? panels : panels.slice(0, 1),
      }),
    ],
  };
}

/** A series a set of answers, a mark a policy. */
function marks(
  answers: ReportInputs["answers"],
  { sets }: Scores,
  of: (label: string) => Interval | undefined,
): RowSeries[] {
  return sets.map((set, i) => ({
    label: set,
    style: [palette.maskDpo, palette.dpo][i]!,
    values: answers.map(({ name }) => {
      const fraction = of(label(name, set));
      return fraction ? percent(fraction) : null;
    }),
  }));
}

const scoreOf = ({ evaluated }: Scores, name: string) => evaluated.find((row) => row.label === name)?.summary.score;
const gainOf = ({ differences }: Scores, name: string) =>
  differences.find((row) => row.label === name)?.comparison.score;

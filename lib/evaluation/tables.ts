/** Results as tables. Scores are percent with 95 % intervals; counts are means per answer. */
import { percent } from "../base/percent";
import type { BestOfNPoint } from "./bestOfN";
import type { EvaluationSummary } from "./summary";
import type { Cell, Table } from "../show/table";

/** What the gain in right statements is made of. @param parts of the gain, shares of 1 */
export function gainTable({ choice, accuracy }: { choice: number; accuracy: number }): Table {
  const row = (what: string, points: number) => ({ what, points: 100 * points });
  return {
    name: "02-gain",
    caption: "Where the gain in right statements comes from (test, sampled; statements of a known relation)",
    columns: [
      { key: "what", label: "Source" },
      { key: "points", label: "Points", digits: 2 },
    ],
    rows: [
      row("stating relations more often that are easier", choice),
      row("being right more often within a relation", accuracy),
      row("together", choice + accuracy),
    ],
  };
}

export interface Evaluated {
  label: string;
  summary: EvaluationSummary;
}

/** Counts and scores of policies, a row each (as Tables 1 and 2). */
export function evaluationTable(
  rows: readonly Evaluated[],
  name = "evaluation",
  caption = "Factuality of answers",
): Table {
  return {
    name,
    caption,
    columns: [
      { key: "label", label: "Policy" },
      { key: "correct", label: "# Correct", digits: 2 },
      { key: "incorrect", label: "# Incorrect", digits: 2 },
      { key: "noFact", label: "# No fact", digits: 2 },
      { key: "characters", label: "Characters", digits: 0 },
      { key: "score", label: "% Score [95 %]" },
    ],
    rows: rows.map(({ label, summary }) => {
      const { correct, incorrect, noFact, characters } = summary.perAnswer;
      return { label, correct, incorrect, noFact, characters, score: percent(summary.score) };
    }),
  };
}

export interface BestOfPolicy {
  label: string;
  points: readonly BestOfNPoint[];
  /** What the paper prints, in percent by N. */
  printed?: Readonly<Record<number, number>>;
}

/** Best-of-N scores of policies, a row per N (as Table 6). */
export function bestOfTable(policies: readonly BestOfPolicy[]): Table {
  const ns = policies[0]?.points.map(({ n }) => n) ?? [];
  return {
    name: "06-best-of-n",
    caption:
      "Best of N: expected score of the most factual of N answers (unbiased estimate, 95 % intervals over topics)",
    columns: [
      { key: "n", label: "N" },
      ...policies.flatMap(({ label, printed }, i) => [
        { key: `p${i}`, label: `${label} (%)` },
        ...(printed ? [{ key: `q${i}`, label: `Paper: ${label}`, digits: 2 }] : []),
      ]),
    ],
    rows: ns.map((n, row) => ({
      n,
      ...Object.fromEntries(
        policies.flatMap(({ points, printed }, i): [string, Cell][] => [
          [`p${i}`, percent(points[row]!.macroScore)],
          [`q${i}`, printed?.[n] ?? null],
        ]),
      ),
    })),
  };
}

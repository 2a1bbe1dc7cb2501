/** Results as tables. Scores are percent with 95 % intervals; counts are means per answer. */
import type { Interval } from "../base/stats";
import type { BestOfNPoint } from "../evaluation/bestOfN";
import type { Comparison } from "../evaluation/compare";
import type { EvaluationSummary } from "../evaluation/summary";
import type { TokenizeReport } from "../preference/collate";
import type { Mixing, Shares } from "../preference/mixing";
import type { PairReport } from "../preference/pair";
import type { Cell, Table } from "./table";

/** A share with its interval, in percent. */
export function percent({ value, low, high }: Interval): Interval {
  return { value: 100 * value, low: 100 * low, high: 100 * high };
}

/** How many questions fell to each filter of §2.2. */
export function pairReportTable(report: PairReport): Table {
  const row = (what: string, questions: number) => ({ what, questions });
  return {
    name: "01-pair-filters", caption: "Preference construction (§2.2): what became of the questions",
    columns: [{ key: "what", label: "Outcome" }, { key: "questions", label: "Questions" }],
    rows: [
      row("asked", report.questions), row("pair kept", report.pairs), row("fewer than two candidates with a score", report.tooFewCandidates),
      row("chosen without a correct sentence", report.chosenWithoutCorrect), row("rejected without an incorrect sentence", report.rejectedWithoutIncorrect), row("chosen and rejected equal", report.identical),
    ],
  };
}

/** How mixed right and wrong are in the pairs: what the mask has to work on. */
export function mixingTable(mixing: Mixing, tokens: Shares, tokenized: TokenizeReport): Table {
  const row = (what: string, value: Cell) => ({ what, value });
  return {
    name: "01-mixing", caption: "How mixed the pairs are: the mask drops wrong sentences of chosen and right ones of rejected",
    columns: [{ key: "what", label: "Quantity" }, { key: "value", label: "Value", align: "right" }],
    rows: [
      row("pairs", mixing.pairs), row("pairs whose mask empties a side (not trained on)", tokenized.emptied.length),
      row("mean score of chosen (%)", 100 * mixing.scores.chosen), row("mean score of rejected (%)", 100 * mixing.scores.rejected),
      row("wrong sentences in chosen (%)", 100 * mixing.sentences.wrongInChosen), row("right sentences in rejected (%)", 100 * mixing.sentences.rightInRejected),
      row("wrong tokens in chosen (%)", 100 * tokens.wrongInChosen), row("right tokens in rejected (%)", 100 * tokens.rightInRejected),
      row("pairs in which the mask drops something (%)", 100 * mixing.mixedPairs),
    ],
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

/** Paired differences over topics, in points. */
export function differenceTable(name: string, caption: string, rows: readonly { label: string; comparison: Comparison }[]): Table {
  return {
    name, caption,
    columns: [{ key: "label", label: "Comparison" }, { key: "difference", label: "Difference in score (points) [95 %]" }, { key: "p", label: "p (permutation)", digits: 4 }],
    rows: rows.map(({ label, comparison: { score } }) => ({ label, difference: percent(score), p: score.p })),
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

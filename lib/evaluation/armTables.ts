/**
 * Arms and claims as tables. Scores are percent with 95 % intervals over topics, "seeds" the lowest and highest of
 * single seeds; counts are means per answer.
 */
import { Rng } from "../base/rng";
import { perAnswer, scoreOf, seedScores, type Arm, type ArmDifference } from "./arm";
import type { Measure } from "./answerTotals";
import { verdictRule, verdictTextOf, type Claim } from "./claims";
import type { Cell, Table } from "../show/table";

/** An arm beside the score the paper prints, where its tables have this row. */
export interface ArmRow {
  arm: Arm;
  /** of the sentence evaluator (ANAH-v2) and of FActScore, percent */
  printed?: number;
  printedFacts?: number;
  /** the same policies' greedy answers */
  greedy?: Arm;
}

/** Counts, length and scores of both evaluators, a row an arm (as Tables 1-4). @param session its seed resamples */
export function armTable({ seed }: { seed: number }, name: string, caption: string, rows: readonly ArmRow[]): Table {
  const has = (key: "printed" | "printedFacts") => rows.some((row) => row[key] !== undefined);
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
      { key: "seeds", label: "Seeds" },
      ...(rows.some(({ greedy }) => greedy) ? [{ key: "greedy", label: "% Greedy [95 %]" }] : []),
      ...(has("printed") ? [{ key: "paper", label: "Paper", digits: 2 }] : []),
      { key: "supported", label: "# Facts right", digits: 2 },
      { key: "unsupported", label: "# Facts wrong", digits: 2 },
      { key: "factScore", label: "% FactScore [95 %]" },
      ...(has("printedFacts") ? [{ key: "paperFacts", label: "Paper", digits: 2 }] : []),
    ],
    rows: rows.map(({ arm, printed = null, printedFacts = null, greedy }) => {
      const of = (measure: Measure) => perAnswer(arm, measure);
      const rng = new Rng(seed).fork(name).fork(arm.label);
      return {
        label: arm.label,
        correct: of("correct"),
        incorrect: of("incorrect"),
        noFact: of("noFact"),
        characters: of("characters"),
        score: scoreOf(arm, "score", rng.fork("score")),
        seeds: rangeText(seedScores(arm, "score")),
        greedy: greedy ? scoreOf(greedy, "score", rng.fork("greedy")) : null,
        paper: printed,
        supported: of("supported"),
        unsupported: of("facts") - of("supported"),
        factScore: scoreOf(arm, "factScore", rng.fork("factScore")),
        paperFacts: printedFacts,
        runs: [...arm.runs, ...(greedy?.runs ?? [])].join(" "),
      };
    }),
  };
}

/** What would show reward hacking: a score bought by shorter, emptier, narrower or repetitive answers. */
export function hackingTable(name: string, caption: string, arms: readonly Arm[]): Table {
  return {
    name,
    caption,
    columns: [
      { key: "label", label: "Policy" },
      { key: "characters", label: "Characters", digits: 0 },
      { key: "sentences", label: "Sentences", digits: 2 },
      { key: "facts", label: "Different facts", digits: 2 },
      { key: "relations", label: "Different relations", digits: 2 },
      { key: "repeated", label: "Repeated sentences", digits: 3 },
      { key: "noFact", label: "Sentences without fact (%)", digits: 1 },
    ],
    rows: arms.map((arm) => {
      const of = (measure: Measure) => perAnswer(arm, measure);
      return {
        label: arm.label,
        characters: of("characters"),
        sentences: of("sentences"),
        facts: of("facts"),
        relations: of("relations"),
        repeated: of("repeated"),
        noFact: (100 * of("noFact")) / of("sentences"),
        runs: arm.runs.join(" "),
      };
    }),
  };
}

export interface DifferenceRow {
  label: string;
  /** Of the columns `extra`. */
  cells?: Readonly<Record<string, Cell>>;
  difference: ArmDifference;
}

/** Differences between arms, a row each. */
export function differencesTable(
  name: string,
  caption: string,
  rows: readonly DifferenceRow[],
  extra: Table["columns"] = [],
): Table {
  return {
    name,
    caption,
    columns: [
      { key: "label", label: "Comparison" },
      ...extra,
      { key: "difference", label: "Difference (points) [95 %]" },
      { key: "p", label: "p (permutation)", digits: 4 },
      { key: "seeds", label: "Seeds" },
    ],
    rows: rows.map(({ label, cells, difference }) => ({
      label,
      ...cells,
      difference: intervalOf(difference),
      p: difference.p,
      seeds: rangeText(difference.perSeed),
      runs: difference.runs.join(" "),
    })),
  };
}

/** Claims with what the paper has, what is here, and the verdict. */
export function claimsTable(name: string, claims: readonly Claim[]): Table {
  const places = claims.flatMap(({ source }) => /(Table|Eq\.|§)\s?[\d.]+/.exec(source)?.[0] ?? []);
  const claimed = ["Claims", ...(places.length > 0 ? [`of ${[...new Set(places)].join(", ")}`] : [])].join(" ");
  return {
    name,
    caption: `${claimed} here. ${verdictRule}`,
    columns: [
      { key: "text", label: "Claim" },
      { key: "source", label: "Paper" },
      { key: "paper", label: "Paper (points)", digits: 2 },
      { key: "here", label: "Here (points) [95 %]", digits: 2 },
      { key: "seeds", label: "Seeds" },
      { key: "verdict", label: "Verdict" },
    ],
    rows: claims.map((claim) => ({
      text: claim.text,
      source: claim.source,
      paper: claim.printed,
      here: intervalOf(claim.here),
      seeds: rangeText(claim.here.perSeed),
      verdict: verdictTextOf(claim.here, claim.printed),
      runs: claim.here.runs.join(" "),
    })),
  };
}

export function intervalOf({ value, low, high }: ArmDifference): { value: number; low: number; high: number } {
  return { value, low, high };
}

/** Lowest and highest of single seeds. */
export function rangeText(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((v) => v.toFixed(1));
  return values.length === 1 ? "1 seed" : `${low} to ${high} (${values.length})`;
}

/**
 * What other methods' papers claim, beside what comes out here: their number with its setting, the difference here with
 * its interval, a verdict by one rule, and what a miniature world cannot say about it.
 */
import type { ArmDifference } from "./arm";
import { intervalOf, rangeText } from "./armTables";
import { verdictTextOf } from "./claims";
import type { Table } from "../show/table";

export interface MethodClaim {
  method: string;
  /** what should be larger than what */
  text: string;
  /** their number in words, with model, data and measure */
  theirs: string;
  /** the same in points of a score like ours, where it is one */
  printed?: number;
  /** null where it cannot be measured here */
  here: ArmDifference | null;
  /** what is not said by it */
  limits: string;
}

/** A row a claim. */
export function methodTable(name: string, caption: string, claims: readonly MethodClaim[]): Table {
  return {
    name,
    caption,
    columns: [
      { key: "method", label: "Method" },
      { key: "text", label: "Claim" },
      { key: "theirs", label: "Paper: number and setting" },
      { key: "here", label: "Here (points) [95 %]", digits: 2 },
      { key: "seeds", label: "Seeds" },
      { key: "verdict", label: "Verdict" },
      { key: "limits", label: "What this cannot say" },
    ],
    rows: claims.map(({ method, text, theirs, printed, here, limits }) => ({
      method,
      text,
      theirs,
      here: here && intervalOf(here),
      seeds: here ? rangeText(here.perSeed) : "",
      verdict: verdictTextOf(here, printed),
      limits,
      ...(here && { runs: here.runs.join(" ") }),
    })),
  };
}

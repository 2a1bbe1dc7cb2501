/** What many rows of `lintRow.ts` come to: counts, quartiles of drift, the worst. */
import { sum } from "../../base/collections";
import { quantile } from "../../base/stats";
import type { Table } from "../../show/table";
import { sideNames } from "../mask";
import { faultNames, type Fault, type LintRow, type LintSide } from "./lintRow";

export interface LintSummary {
  rows: number;
  /** Rows with a fault. */
  faulty: number;
  faults: Record<Fault, number>;
  /** Sides with a mask, and how many of these count what. */
  masks: number;
  counts: Record<string, number>;
  /** Tokens of completions under a mask, of sentences with verdicts. */
  tokens: number;
  wronglyMasked: number;
  wronglyLearnt: number;
  closingMasked: number;
  /** Of sides whose mask changes somewhere: quartiles and the largest, without sign; null where there are none. */
  drift: Record<"tokens" | "characters", Quartiles> | null;
  /** Rows with faults: those whose mask drifts furthest, then those with most wrong tokens. */
  worst: LintRow[];
}

interface Quartiles {
  quarter: number;
  half: number;
  threeQuarters: number;
  most: number;
}

const shownRows = 5;

export function summarise(rows: readonly LintRow[]): LintSummary {
  const sides = rows.flatMap(sidesIn);
  const masked = sides.filter(({ mask }) => mask);
  const compared = sides.filter(({ wronglyMasked }) => wronglyMasked !== undefined);
  const total = (of: (side: LintSide) => number) => sum(compared.map(of));
  const drifts = sides.flatMap(({ drift }) => drift ?? []);
  const counts: Record<string, number> = {};
  for (const { mask } of masked) counts[mask!.counts] = (counts[mask!.counts] ?? 0) + 1;
  const faulty = rows.filter(({ faults }) => faults.length > 0);
  const names = Object.keys(faultNames) as Fault[];
  return {
    rows: rows.length,
    faulty: faulty.length,
    faults: Object.fromEntries(
      names.map((name) => [name, rows.filter(({ faults }) => faults.includes(name)).length]),
    ) as Record<Fault, number>,
    masks: masked.length,
    counts,
    tokens: total(({ tokens }) => tokens),
    wronglyMasked: total((side) => side.wronglyMasked!),
    wronglyLearnt: total((side) => side.wronglyLearnt!),
    closingMasked: total((side) => Number(side.closingMasked)),
    drift:
      drifts.length > 0
        ? {
            tokens: quartiles(drifts.map(({ tokens }) => tokens)),
            characters: quartiles(drifts.map(({ characters }) => characters)),
          }
        : null,
    worst: [...faulty].sort((a, b) => driftIn(b) - driftIn(a) || wrongIn(b) - wrongIn(a)).slice(0, shownRows),
  };
}

const sidesIn = ({ sides }: LintRow): LintSide[] => (sides ? [sides.chosen, sides.rejected] : []);

function quartiles(values: readonly number[]): Quartiles {
  const sizes = values.map(Math.abs);
  const [quarter, half, threeQuarters, most] = [0.25, 0.5, 0.75, 1].map((q) => quantile(sizes, q)) as [
    number,
    number,
    number,
    number,
  ];
  return { quarter, half, threeQuarters, most };
}

const maskedIn = (row: LintRow): number => sum(sidesIn(row).map(({ wronglyMasked = 0 }) => wronglyMasked));
const learntIn = (row: LintRow): number => sum(sidesIn(row).map(({ wronglyLearnt = 0 }) => wronglyLearnt));
const wrongIn = (row: LintRow): number => maskedIn(row) + learntIn(row);
const driftOf = (row: LintRow, what: "tokens" | "characters"): number =>
  Math.max(0, ...sidesIn(row).map(({ drift }) => Math.abs(drift?.[what] ?? 0)));
const driftIn = (row: LintRow): number => driftOf(row, "tokens");

/** The answer in a sentence, then what there is to each part of it. */
export function lintText(summary: LintSummary): string {
  const { rows, faulty, faults, masks, counts, tokens, wronglyMasked, wronglyLearnt, closingMasked } = summary;
  const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
  const found = (Object.keys(faultNames) as Fault[]).filter((name) => faults[name] > 0);
  const laid = Object.entries(counts).map(([what, sides]) => `${what} (${sides})`);
  return [
    faulty === 0
      ? `${rows} rows, no fault${masks === 0 ? " in their spans; none has a token mask" : ""}`
      : `${faulty} of ${rows} rows (${share(faulty, rows)}) have a fault`,
    ...found.map((name) => `${String(faults[name]).padStart(6)} ${faultNames[name]}`),
    ...(laid.length > 0 ? [`Masks of sides count: ${laid.join("; ")}`] : []),
    ...(tokens > 0
      ? [
          `Of ${tokens} tokens of completions ${wronglyMasked} (${share(wronglyMasked, tokens)}) are masked that ` +
            `should be learnt from, ${wronglyLearnt} (${share(wronglyLearnt, tokens)}) learnt from that should be ` +
            `masked; ${closingMasked} closing tokens are masked`,
        ]
      : []),
  ].join("\n");
}

export function driftTable({ drift }: LintSummary & { drift: NonNullable<LintSummary["drift"]> }): Table {
  return {
    name: "drift",
    caption: "Largest drift of a side's mask",
    columns: [
      { key: "unit", label: "In" },
      { key: "quarter", label: "25 %" },
      { key: "half", label: "50 %" },
      { key: "threeQuarters", label: "75 %" },
      { key: "most", label: "Most" },
    ],
    rows: (["tokens", "characters"] as const).map((unit) => ({ unit, ...drift[unit] })),
  };
}

export function worstTable({ worst }: LintSummary): Table {
  return {
    name: "worst",
    caption: "Worst rows",
    columns: [
      { key: "where", label: "Row" },
      { key: "masked", label: "Wrongly masked" },
      { key: "learnt", label: "Wrongly learnt" },
      { key: "tokens", label: "Drift, tokens" },
      { key: "characters", label: "characters" },
      { key: "faults", label: "Faults" },
    ],
    rows: worst.map((row) => ({
      where: row.where,
      masked: maskedIn(row),
      learnt: learntIn(row),
      tokens: driftIn(row),
      characters: driftOf(row, "characters"),
      faults: row.faults.join(", "),
    })),
  };
}

/** The texts of the worst rows around their first wrong token. */
export function shownTexts({ worst }: LintSummary): string[] {
  const shown = worst.flatMap(({ where, sides }) =>
    sideNames.flatMap((name) =>
      sides?.[name].shown === undefined ? [] : [`${where} ${name}\n  ${sides[name].shown}`],
    ),
  );
  return shown.length > 0 ? ["[-masked-] should be learnt from, {+learnt+} should be masked:", ...shown] : [];
}

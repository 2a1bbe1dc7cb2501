/** Every claim of the paper in one picture: its number, what came out here with its interval, and the verdict. */
import { claimVerdicts, type ClaimVerdict } from "../evaluation/claims";
import { recordedNumbers } from "../lab/headline";
import type { Figure } from "../show/figure/figure";
import { forestFigure, type ForestRow } from "../show/figure/forest";
import { okabeIto, type SeriesStyle } from "../show/palette";

/** Notebooks that measure these claims; other methods' have forests of their own. */
const measuredIn: readonly string[] = ["02", "03", "04", "05", "06", "10"];

const look = (color: string, symbol: SeriesStyle["symbol"]): SeriesStyle => ({
  color,
  symbol,
  dash: "solid",
  pattern: "",
});
const grey = "#5F6670";
const styles: Readonly<Record<ClaimVerdict, SeriesStyle>> = {
  shown: look(okabeIto.blue, "circle"),
  "shown, smaller": look(okabeIto.skyBlue, "square"),
  undecided: look(grey, "diamond"),
  "undecided, smaller": look(grey, "cross"),
  "not shown": look(okabeIto.vermillion, "triangle-down"),
  "too few topics": look(grey, "circle-open"),
  "not testable here": look(grey, "x"),
};

interface ClaimRow extends ForestRow {
  verdict: ClaimVerdict;
}

/** @param figures folder in which notebooks left their numbers @returns no figure where none of them has a claim */
export function claimsForest(figures: string): Figure | undefined {
  const rows = recordedNumbers(figures)
    .filter(({ notebook }) => measuredIn.includes(notebook))
    .flatMap(({ numbers }) =>
      numbers.flatMap(({ what, paper, here, verdict }): ClaimRow[] =>
        verdict && here !== null && typeof here === "object" ? [{ label: what, here, printed: paper, verdict }] : [],
      ),
    );
  if (rows.length === 0) return undefined;
  return forestFigure({
    name: "claims",
    title: "The paper's claims: what it prints, and what comes out here",
    valueTitle: "Difference of scores (points)",
    labels: rows.map(({ label }) => label),
    series: claimVerdicts.flatMap((verdict) => {
      const own = rows.filter((row) => row.verdict === verdict);
      return own.length > 0 ? [{ label: verdict, style: styles[verdict], rows: own }] : [];
    }),
    width: 960,
  });
}

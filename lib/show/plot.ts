/** A quick look at rows: `show(await plot(rows, "step", "loss"))`. Figures that are kept are made by `figure/`. */
import { brief, UserError } from "../base/check";
import type { Bundle } from "./bundle";
import { barFigure } from "./figure/bars";
import { curveFigure } from "./figure/curves";
import type { Figure } from "./figure/figure";
import { figureBundle } from "./figure/html";
import { renderShared } from "./figure/shared";
import { palette, type SeriesStyle } from "./palette";

type Row = Readonly<Record<string, unknown>>;

/** One look a series, in this order. */
const looks: readonly SeriesStyle[] = [
  palette.maskDpo,
  palette.dpo,
  palette.supported,
  palette.inverted,
  palette.random,
  palette.noFact,
];

/**
 * y against x: lines where x is a number, bars where it is a text; a line or a bar for each value of `by`.
 * @throws UserError for no rows, a column that is not there, or a y that is no number
 */
export async function plot<R extends object, Column extends Extract<keyof R, string>>(
  rows: readonly R[],
  x: Column,
  y: Column,
  { by, title }: { by?: Column; title?: string } = {},
): Promise<Bundle> {
  const figure = plotFigure(rows as readonly Row[], x, y, by, title ?? `${y} by ${x}${by ? `, ${by}` : ""}`);
  return figureBundle(figure, await renderShared(figure));
}

function plotFigure(rows: readonly Row[], x: string, y: string, by: string | undefined, title: string): Figure {
  if (rows.length === 0)
    throw new UserError({ where: "plot", expected: "at least one row", got: "none", fix: "Pass the rows to draw." });
  rows.forEach((row, i) => checkRow(row, i, x, y, by));
  const labels = [...new Set(rows.map((row) => (by ? String(row[by]) : y)))];
  if (labels.length > looks.length)
    throw new UserError({
      where: "plot",
      expected: `at most ${looks.length} different values of "${by}"`,
      got: String(labels.length),
      fix: "Plot fewer of them at once.",
    });
  const series = labels.map((label, i) => ({
    label,
    style: looks[i]!,
    rows: rows.filter((row) => !by || String(row[by]) === label),
  }));
  const name = `plot-${y}-by-${x}`;
  if (rows.every((row) => typeof row[x] === "number")) {
    const curves = series.map(({ label, style, rows: own }) => {
      const sorted = own.slice().sort((a, b) => number(a, x) - number(b, x));
      return { label, style, x: sorted.map((row) => number(row, x)), y: sorted.map((row) => number(row, y)) };
    });
    return curveFigure({ name, title, xTitle: x, yTitle: y, curves });
  }
  const categories = [...new Set(rows.map((row) => String(row[x])))];
  const bars = series.map(({ label, style, rows: own }) => ({
    label,
    style,
    values: categories.map((category) => {
      const row = own.find((one) => String(one[x]) === category);
      return row ? number(row, y) : null;
    }),
  }));
  return barFigure({ name, title, categories, series: bars, valueTitle: y });
}

const number = (row: Row, column: string): number => row[column] as number;

function checkRow(row: Row, index: number, x: string, y: string, by: string | undefined): void {
  const missing = [x, y, by].find((column) => column !== undefined && row[column] === undefined);
  if (missing !== undefined)
    throw new UserError({
      where: `plot, row ${index + 1}`,
      expected: `a column "${missing}"`,
      got: Object.keys(row).join(", "),
      fix: "Name a column that every row has.",
    });
  if (typeof row[y] !== "number")
    throw new UserError({
      where: `plot, row ${index + 1}`,
      expected: `a number in "${y}"`,
      got: brief(row[y]),
      fix: "Leave that row out, or plot another column.",
    });
}

/**
 * A table as a picture: a row a thing that is compared, a panel a number of it, such as its score and its paired
 * difference to another, with intervals. Numbers of others stand as hollow marks beside ours; a panel of differences
 * has a line at zero.
 */
import type { Data, Layout, Shape } from "plotly.js";
import { UserError } from "../../base/check";
import type { Interval } from "../../base/stats";
import type { SeriesStyle } from "../palette";
import { errorBars } from "./bars";
import type { Figure } from "./figure";
import { axis, axisId, figureLayout, zeroLine } from "./template";

/** Marks of one look, one a row from the top; null where there is none. A bare number has no interval. */
export interface RowSeries {
  label: string;
  style: SeriesStyle;
  values: readonly (Interval | number | null)[];
  /** label of the series at whose height in the row it stands, as what the paper prints beside ours */
  beside?: string;
}

export interface RowPanel {
  /** of the axis of values, with its unit */
  title: string;
  /** whether values are differences */
  zero: boolean;
  series: readonly RowSeries[];
}

export interface RowOptions {
  name: string;
  title: string;
  note: string;
  /** from the top */
  rows: readonly string[];
  panels: readonly RowPanel[];
  /** whether all panels have the range of the first */
  sameScale?: boolean;
  width?: number;
}

const GAP = 0.07;
const LIFT = 0.19;

/**
 * Series of one label are one entry of the legend and keep their height within a row, that of their first panel.
 * @throws UserError unless every series has one value a row
 */
export function rowFigure({ name, title, note, rows, panels, sameScale = false, width = 860 }: RowOptions): Figure {
  const all = panels.flatMap(({ series }) => series);
  const wrong = all.find(({ values }) => values.length !== rows.length);
  if (wrong)
    throw new UserError({
      where: `figure ${name}, series "${wrong.label}"`,
      expected: `${rows.length} values, one per row`,
      got: String(wrong.values.length),
      fix: "Use null where there is no value.",
    });
  const labels = [...new Set(all.map(({ label }) => label))];
  const lifts = liftsOf(panels);
  const data = panels.flatMap(({ series }, p) =>
    series.map((own): Data => {
      const { label, style, values } = own;
      const first = all.find((one) => one.label === label) === own;
      return {
        type: "scatter",
        mode: "markers",
        name: label,
        legendgroup: label,
        showlegend: first,
        xaxis: `x${axisId(p)}`,
        yaxis: "y",
        x: values.map(middle),
        y: rows.map((_, i) => i + lifts.get(label)!),
        marker: { color: style.color, symbol: style.symbol, size: 9 },
        error_x: { ...errorBars(values), color: style.color },
        text: [...rows],
        hovertemplate: "%{text}: %{x:.2f}",
      };
    }),
  );
  const places = panels.map((_, p): [number, number] => {
    const part = (1 - GAP * (panels.length - 1)) / panels.length;
    return [p * (part + GAP), p * (part + GAP) + part];
  });
  const axes = Object.fromEntries(
    panels.map(({ title: text }, p) => [
      `xaxis${axisId(p)}`,
      { ...axis(text, sameScale && p > 0 ? { matches: "x" } : {}), domain: places[p], anchor: "y" },
    ]),
  ) as Partial<Layout>;
  const end = rows.length - 0.5;
  const zeros = panels.flatMap(({ zero }, p): Partial<Shape>[] => {
    const at = { x0: 0, x1: 0, y0: -0.5, y1: end, xref: `x${axisId(p)}` as "x", line: zeroLine };
    return zero ? [{ type: "line", ...at }] : [];
  });
  const most = Math.max(...panels.map(({ series }) => series.filter(({ beside }) => beside === undefined).length));
  const step = rows.length > 12 ? 9 : 16;
  const size = { width, height: 190 + rows.length * step * (1 + most) };
  return {
    name,
    data,
    layout: {
      ...figureLayout({ title, note, legend: labels, xTitle: panels[0]!.title, ...size }),
      ...axes,
      shapes: zeros,
      yaxis: axis("", {
        tickmode: "array",
        tickvals: rows.map((_, i) => i),
        ticktext: [...rows],
        range: [end, -0.5],
        ticks: "",
        showline: false,
      }),
    },
  };
}

/** Height within a row by label: the series of a panel lie one under the other. */
function liftsOf(panels: readonly RowPanel[]): Map<string, number> {
  const lifts = new Map<string, number>();
  for (const { series } of panels) {
    const own = series.filter(({ beside }) => beside === undefined);
    own.forEach(({ label }, i) => {
      if (!lifts.has(label)) lifts.set(label, (i - (own.length - 1) / 2) * LIFT);
    });
    for (const { label, beside } of series) if (beside !== undefined) lifts.set(label, lifts.get(beside) ?? 0);
  }
  return lifts;
}

function middle(value: Interval | number | null): number | null {
  return typeof value === "object" && value !== null ? value.value : value;
}

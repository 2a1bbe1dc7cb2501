/** Forest plots: a row a comparison, its difference with an interval against zero, the paper's number as a diamond. */
import type { Data } from "plotly.js";
import { runsOf } from "../provenance";
import type { Interval } from "../../base/stats";
import { palette, type SeriesStyle } from "../palette";
import { errorBars } from "./bars";
import type { Figure } from "./figure";
import { axis, figureLayout, zeroLine } from "./template";

export interface ForestRow {
  label: string;
  here: Interval;
  /** as the paper prints it; null where it has no such number */
  printed?: number | null;
  /** run folders it is from */
  runs?: readonly string[];
}

/** Rows of one look. */
export interface ForestSeries {
  label: string;
  style: SeriesStyle;
  rows: readonly ForestRow[];
}

export interface ForestOptions {
  name: string;
  title: string;
  /** of the axis of differences */
  valueTitle: string;
  series: readonly ForestSeries[];
  /** from top to bottom; default: in the order they first come */
  labels?: readonly string[];
  width?: number;
}

/** A series has a mark in the row of each of its labels; several of one row lie side by side. */
export function forestFigure(options: ForestOptions): Figure {
  const { name, title, valueTitle, series, width = 720 } = options;
  const labels = options.labels ?? [...new Set(series.flatMap(({ rows }) => rows.map(({ label }) => label)))];
  const place = new Map(labels.map((label, i) => [label, i]));
  const lift = (own: ForestSeries, label: string): number => {
    const there = series.filter(({ rows }) => rows.some((row) => row.label === label));
    return (there.indexOf(own) - (there.length - 1) / 2) * 0.22;
  };
  const marks = series.map((own): Data => {
    const { label, style, rows } = own;
    return {
      type: "scatter",
      mode: "markers",
      name: label,
      x: rows.map(({ here }) => here.value),
      y: rows.map((row) => place.get(row.label)! + lift(own, row.label)),
      marker: { color: style.color, symbol: style.symbol, size: 9 },
      error_x: errorBars(rows.map(({ here }) => here)),
      text: rows.map((row) => row.label),
      hovertemplate: "%{text}: %{x:.2f}",
    };
  });
  const printed = series.flatMap(({ rows }) =>
    rows.flatMap(({ label, printed }) => (printed === undefined || printed === null ? [] : [{ label, printed }])),
  );
  const theirs: Data[] = [
    {
      type: "scatter",
      mode: "markers",
      name: "paper",
      x: printed.map((row) => row.printed),
      y: printed.map(({ label }) => place.get(label)!),
      marker: { color: palette.printed.color, symbol: palette.printed.symbol, size: 10 },
      text: printed.map(({ label }) => label),
      hovertemplate: "%{text}: %{x:.2f} in the paper",
    },
  ];
  const data = [...marks, ...(printed.length > 0 ? theirs : [])];
  const layout = figureLayout({
    title,
    legend: data.length > 1 ? data.map((trace) => (trace as { name: string }).name) : [],
    width,
    xTitle: valueTitle,
    height: 150 + 24 * labels.length,
  });
  const end = labels.length - 0.5;
  return {
    name,
    runs: runsOf(...series.flatMap(({ rows }) => rows.map(({ runs }) => ({ runs })))),
    data,
    layout: {
      ...layout,
      shapes: [{ type: "line", x0: 0, x1: 0, y0: -0.5, y1: end, line: zeroLine }],
      xaxis: axis(valueTitle),
      yaxis: axis("", {
        tickmode: "array",
        tickvals: labels.map((_, i) => i),
        ticktext: [...labels],
        range: [end, -0.5],
        ticks: "",
        showline: false,
        automargin: true,
      }),
    },
  };
}

/** Bars with error bars, dumbbells (before and after per category) and distributions. */
import type { Data, ErrorBar, PlotData } from "plotly.js";
import { UserError } from "../../base/check";
import type { Interval } from "../../base/stats";
import type { SeriesStyle } from "../palette";
import { tint } from "../palette";
import type { Figure } from "./figure";
import { axis, figureLayout } from "./template";

/** One series over the categories; a bare number has no interval, null is a gap. */
export interface BarSeries {
  label: string;
  style: SeriesStyle;
  values: readonly (Interval | number | null)[];
}

export interface BarOptions {
  name: string;
  title: string;
  categories: readonly string[];
  series: readonly BarSeries[];
  /** Title of the axis of values. */
  valueTitle: string;
  range?: readonly [number, number];
  width?: number;
  height?: number;
}

/**
 * Grouped bars with 95 % intervals, one group per category.
 * @throws UserError unless every series has one value per category
 */
export function barFigure(options: BarOptions): Figure {
  const { name, title, categories, series, valueTitle, range, width, height } = options;
  checkSeries(options);
  const data = series.map(({ label, style, values }): Data => ({
    type: "bar",
    name: label,
    x: [...categories],
    y: values.map(middle),
    marker: barMarker(style),
    error_y: errorBars(values),
  }));
  const layout = figureLayout({ title, legend: series.length > 1 ? series.map((s) => s.label) : [], width, height });
  return {
    name,
    data,
    layout: {
      ...layout,
      barmode: "group",
      bargap: 0.3,
      bargroupgap: 0.08,
      xaxis: axis("", { showgrid: false }),
      yaxis: axis(valueTitle, range ? { range: [...range] } : { rangemode: "tozero" }),
    },
  };
}

/** One row per category, a mark per series, the span between them as a line: for many categories, or long names. */
export function dumbbellFigure(options: BarOptions): Figure {
  const { name, title, categories, series, valueTitle, range, width = 600, height } = options;
  checkSeries(options);
  const rows = categories.map((_, i) => i);
  const spans: Data[] = rows.map((row) => {
    const known = series.map((s) => middle(s.values[row]!)).filter((v): v is number => v !== null);
    return {
      type: "scatter",
      mode: "lines",
      x: [Math.min(...known), Math.max(...known)],
      y: [row, row],
      line: { color: "#B8BEC6", width: 3 },
      hoverinfo: "skip",
      showlegend: false,
    };
  });
  const lift = (i: number): number => (i - (series.length - 1) / 2) * 0.16;
  const marks = series.map(({ label, style, values }, i): Data => ({
    type: "scatter",
    mode: "markers",
    name: label,
    x: values.map(middle),
    y: rows.map((row) => row + lift(i)),
    marker: { color: style.color, symbol: style.symbol, size: 11, line: { color: "#FFFFFF", width: 1 } },
    error_x: errorBars(values),
    text: [...categories],
    hovertemplate: "%{text}: %{x:.3~g}",
  }));
  const layout = figureLayout({
    title,
    legend: series.map((s) => s.label),
    width,
    xTitle: valueTitle,
    height: height ?? 150 + 34 * categories.length,
  });
  const yaxis = axis("", {
    tickmode: "array",
    tickvals: rows,
    ticktext: [...categories],
    range: [categories.length - 0.5, -0.5],
    ticks: "",
    showline: false,
  });
  return {
    name,
    data: [...spans, ...marks],
    layout: { ...layout, xaxis: axis(valueTitle, range ? { range: [...range] } : {}), yaxis },
  };
}

export interface HistogramOptions {
  name: string;
  title: string;
  xTitle: string;
  series: readonly { label: string; style: SeriesStyle; values: readonly number[] }[];
  /** First and last edge of the bins; values outside are an error, not dropped. */
  range: readonly [number, number];
  bins: number;
  width?: number;
  height?: number;
}

/**
 * Share of values per bin as outlined steps, so that distributions can lie over each other. The last bin includes its
 * upper edge.
 */
export function histogramFigure({
  name,
  title,
  xTitle,
  series,
  range: [low, high],
  bins,
  width,
  height,
}: HistogramOptions): Figure {
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
  const data = series.map(({ label, style, values }): Data => {
    const shares = new Array<number>(bins).fill(0);
    for (const value of values) {
      if (!(value >= low && value <= high))
        throw new UserError({
          where: `figure ${name}, series "${label}"`,
          expected: `values from ${low} to ${high}`,
          got: String(value),
          fix: "Widen the range.",
        });
      shares[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]! += 100 / values.length;
    }
    return {
      type: "scatter",
      mode: "lines",
      name: label,
      x: [low, ...edges],
      y: [0, ...shares, 0],
      line: { color: style.color, width: 2.5, dash: style.dash, shape: "hv" },
      fill: "tozeroy",
      fillcolor: tint(style.color, 0.15),
      hovertemplate: "%{y:.1f} %",
    };
  });
  const layout = figureLayout({
    title,
    legend: series.length > 1 ? series.map((s) => s.label) : [],
    width,
    height,
    lines: true,
    xTitle,
  });
  return {
    name,
    data,
    layout: {
      ...layout,
      hovermode: "x unified",
      xaxis: axis(xTitle, { range: [low, high] }),
      yaxis: axis("share (%)", { rangemode: "tozero" }),
    },
  };
}

function checkSeries({ name, categories, series }: BarOptions): void {
  for (const { label, values } of series) {
    if (values.length !== categories.length)
      throw new UserError({
        where: `figure ${name}, series "${label}"`,
        expected: `${categories.length} values, one per category`,
        got: String(values.length),
        fix: "Use null where there is no value.",
      });
  }
}

/** A style with an open marker has an open bar: numbers that are not ours stand back. */
function barMarker({ color, symbol, pattern }: SeriesStyle): PlotData["marker"] {
  const open = symbol.endsWith("-open");
  return {
    color: open ? "#FFFFFF" : color,
    line: { color: "#1A1A1A", width: 1 },
    pattern: { shape: pattern, fgcolor: open ? color : "#FFFFFF", fillmode: "overlay", size: 9, solidity: 0.2 },
  } as PlotData["marker"];
}

function middle(value: Interval | number | null): number | null {
  return typeof value === "object" && value !== null ? value.value : value;
}

export function errorBars(values: readonly (Interval | number | null)[]): ErrorBar {
  const side = (of: (interval: Interval) => number): number[] =>
    values.map((v) => (typeof v === "object" && v !== null ? of(v) : 0));
  const given = values.some((v) => typeof v === "object" && v !== null);
  return {
    type: "data",
    symmetric: false,
    array: side((v) => v.high - v.value),
    arrayminus: side((v) => v.value - v.low),
    thickness: 1.5,
    width: 4,
    color: "#1A1A1A",
    visible: given,
  };
}

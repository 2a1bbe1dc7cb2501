/** Line figures: curves with shaded 95 % intervals, alone or as small multiples under one legend. */
import type { Annotations, Data, Layout, Shape } from "plotly.js";
import { runsOf } from "../provenance";
import { UserError } from "../../base/check";
import { tint, type SeriesStyle } from "../palette";
import type { Figure } from "./figure";
import { axis, axisId, figureLayout, log2Axis, zeroLine } from "./template";

/** One line; `low` and `high`, where given, bound its shaded band. NaN is a gap. */
export interface Curve {
  label: string;
  style: SeriesStyle;
  x: readonly number[];
  y: readonly number[];
  low?: readonly number[];
  high?: readonly number[];
  /** run folders it is from */
  runs?: readonly string[];
}

export interface CurveOptions {
  name: string;
  title: string;
  xTitle: string;
  yTitle: string;
  curves: readonly Curve[];
  /** x by powers of two, as for best-of-N. */
  log2?: boolean;
  yRange?: readonly [number, number];
  /** whether y is a difference: with a line at zero */
  zero?: boolean;
  width?: number;
  height?: number;
}

/** Curves over one pair of axes. @throws UserError for lists of different lengths or x <= 0 on a log axis */
export function curveFigure(options: CurveOptions): Figure {
  const { name, title, xTitle, yTitle, curves, log2, yRange, zero = false, width, height } = options;
  const xs = curves.flatMap((curve) => [...curve.x]);
  if (log2 && xs.some((x) => !(x > 0)))
    throw new UserError({
      where: `figure ${name}`,
      expected: "x above 0 on a log axis",
      got: String(Math.min(...xs)),
      fix: "Leave those points out.",
    });
  const layout = figureLayout({
    title,
    legend: curves.length > 1 ? curves.map((c) => c.label) : [],
    width,
    height,
    lines: true,
    xTitle,
  });
  const xaxis = log2 ? log2Axis(xTitle, Math.min(...xs), Math.max(...xs)) : axis(xTitle);
  return {
    name,
    runs: runsOf(...curves),
    data: curves.flatMap((curve) => curveTraces(name, curve)),
    layout: {
      ...layout,
      hovermode: "x unified",
      xaxis,
      yaxis: axis(yTitle, yRange ? { range: [...yRange] } : {}),
      ...(zero ? { shapes: [zeroAcross("")] } : {}),
    },
  };
}

/** One panel of small multiples. */
export interface Panel {
  title: string;
  curves: readonly Curve[];
  yRange?: readonly [number, number];
  /** whether its y is a difference: with a line at zero */
  zero?: boolean;
}

export interface PanelOptions {
  name: string;
  title: string;
  xTitle: string;
  panels: readonly Panel[];
  /** Panels per row; default 2. */
  columns?: number;
  /** x by powers of two. */
  log2?: boolean;
  width?: number;
  /** Of one panel, px. */
  panelHeight?: number;
}

/** Between rows of panels: tick labels and the next row's title; between columns: tick labels. px */
const ROW_GAP = 64;
const COLUMN_GAP = 74;

/** Small multiples with a common x: loss, margin, accuracy, rewards. Curves of one label share their legend entry. */
export function panelsFigure({
  name,
  title,
  xTitle,
  panels,
  columns = 2,
  log2,
  width = 760,
  panelHeight = 190,
}: PanelOptions): Figure {
  const labels = [...new Set(panels.flatMap((panel) => panel.curves.map((curve) => curve.label)))];
  const rows = Math.ceil(panels.length / columns);
  const layout = figureLayout({
    title,
    legend: labels.length > 1 ? labels : [],
    width,
    height: rows * panelHeight + (rows - 1) * ROW_GAP + 150,
    gap: 34,
    lines: true,
    xTitle,
  });
  const places = panels.map((_, i) => panelPlace(i, { columns, rows, width: width - 82, panelHeight }));
  const xs = panels.flatMap((panel) => panel.curves.flatMap((curve) => [...curve.x]));
  const xAxis = (xTitle: string) => (log2 ? log2Axis(xTitle, Math.min(...xs), Math.max(...xs)) : axis(xTitle));
  const axes: Record<string, unknown> = {};
  const seen = new Set<string>();
  const data = panels.flatMap((panel, i) => {
    const id = axisId(i);
    const place = places[i]!;
    const last = i + columns >= panels.length;
    axes[`xaxis${id}`] = { ...xAxis(last ? xTitle : ""), domain: place.x, anchor: `y${id}` };
    axes[`yaxis${id}`] = axis("", {
      domain: place.y,
      anchor: `x${id}` as "x",
      nticks: 5,
      ...(panel.yRange ? { range: [...panel.yRange] } : {}),
    });
    return panel.curves.flatMap((curve) => {
      const first = !seen.has(curve.label);
      seen.add(curve.label);
      return curveTraces(name, curve).map((trace) => ({
        ...trace,
        xaxis: `x${id}`,
        yaxis: `y${id}`,
        showlegend: (trace as { showlegend?: boolean }).showlegend !== false && first,
      }));
    });
  });
  return {
    name,
    runs: runsOf(...panels.flatMap(({ curves }) => curves)),
    data,
    layout: {
      ...layout,
      ...(axes as Partial<Layout>),
      annotations: panels.map((panel, i) => panelTitle(panel, places[i]!)),
      shapes: panels.flatMap(({ zero }, i) => (zero ? [zeroAcross(axisId(i))] : [])),
    },
  };
}

/** Across the panel of this number. */
function zeroAcross(id: string): Partial<Shape> {
  const at = { xref: `x${id} domain` as "x domain", yref: `y${id}` as "y", x0: 0, x1: 1, y0: 0, y1: 0 };
  return { type: "line", ...at, line: zeroLine };
}

interface Grid {
  columns: number;
  rows: number;
  /** px, like the next */
  width: number;
  panelHeight: number;
}

/** From and to, as shares of the plotting area. */
type Place = Record<"x" | "y", [number, number]>;

/** Of panel `index`, as shares of the plotting area, which is `width` px wide. */
function panelPlace(index: number, { columns, rows, width, panelHeight }: Grid): Place {
  const [column, row] = [index % columns, Math.floor(index / columns)];
  const gapX = COLUMN_GAP / width;
  const w = (1 - gapX * (columns - 1)) / columns;
  const total = rows * panelHeight + (rows - 1) * ROW_GAP;
  const top = 1 - (row * (panelHeight + ROW_GAP)) / total;
  return { x: [column * (w + gapX), column * (w + gapX) + w], y: [Math.max(0, top - panelHeight / total), top] };
}

function panelTitle(panel: Panel, { x, y }: Place): Partial<Annotations> {
  return {
    text: panel.title,
    font: { size: 14, weight: 700 },
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: x[0],
    xanchor: "left",
    y: y[1],
    yanchor: "bottom",
    yshift: 4,
  };
}

/** Markers only where points are few: they would hide a dense line. */
const MAX_MARKERS = 24;

function curveTraces(figure: string, { label, style, x, y, low, high }: Curve): Data[] {
  for (const list of [y, low ?? x, high ?? x]) {
    if (list.length !== x.length)
      throw new UserError({
        where: `figure ${figure}, curve "${label}"`,
        expected: `${x.length} values, as many as x`,
        got: `${list.length}`,
        fix: "Give one value per x.",
      });
  }
  const edge = (values: readonly number[], fill: Partial<Data>): Data =>
    ({
      type: "scatter",
      mode: "lines",
      x: [...x],
      y: [...values],
      line: { width: 0, color: style.color },
      hoverinfo: "skip",
      showlegend: false,
      legendgroup: label,
      ...fill,
    }) as Data;
  const band =
    low && high
      ? [edge(low, {}), edge(high, { fill: "tonexty", fillcolor: tint(style.color, 0.18) } as Partial<Data>)]
      : [];
  const line: Data = {
    type: "scatter",
    name: label,
    legendgroup: label,
    x: [...x],
    y: [...y],
    mode: x.length <= MAX_MARKERS ? "lines+markers" : "lines",
    line: { color: style.color, width: x.length <= MAX_MARKERS ? 2.5 : 1.8, dash: style.dash },
    marker: { color: style.color, symbol: style.symbol, size: 8 },
    ...(low && high
      ? {
          customdata: low.map((l, i) => [l, high[i]!]),
          hovertemplate: "%{y:.3~g} [%{customdata[0]:.3~g}, %{customdata[1]:.3~g}]",
        }
      : {}),
  };
  return [...band, line];
}

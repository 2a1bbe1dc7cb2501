/**
 * A map of points in groups, which buttons recolour by numbers that some of them have; a saved image shows the groups.
 * Every point is drawn once, by its group, and carries its hover text there; numbers lie on top, on greyed groups.
 */
import type { ColorBar, ColorScale, Data, UpdateMenu } from "plotly.js";
import { UserError } from "../../base/check";
import { okabeIto, type SeriesStyle } from "../palette";
import type { Figure } from "./figure";
import { axis, figureLayout } from "./template";

export interface MapPoint {
  x: number;
  y: number;
  /** Index of its group. */
  group: number;
  /** Lines shown on hovering. */
  text: readonly string[];
}

/** A number for some points, by their index. */
export interface MapScale {
  /** On its button. */
  label: string;
  /** Of the colour bar. */
  title: string;
  values: ReadonlyMap<number, number>;
  /** Blue above 0, vermillion below. */
  diverging: boolean;
}

export interface MapOptions {
  name: string;
  title: string;
  points: readonly MapPoint[];
  /** Button of the groups. */
  groupLabel: string;
  /** Drawn in this order. */
  groups: readonly { label: string; style: SeriesStyle; size: number }[];
  scales: readonly MapScale[];
  width?: number;
  height?: number;
}

const GREY = "#D3D7DC";
/** Cividis, made for colour-blind readers (Nuñez, Anderton & Renslow 2018). */
const SEQUENTIAL: ColorScale = [
  [0, "#00224E"],
  [0.25, "#35456C"],
  [0.5, "#7D7C78"],
  [0.75, "#BCAF6F"],
  [1, "#FEE838"],
];
const DIVERGING: ColorScale = [
  [0, okabeIto.vermillion],
  [0.5, "#F7F7F7"],
  [1, okabeIto.blue],
];

/** @throws UserError for a point of no group, or a number of no point */
export function mapFigure({
  name,
  title,
  points,
  groupLabel,
  groups,
  scales,
  width = 760,
  height = 640,
}: MapOptions): Figure {
  const lost =
    points.find(({ group }) => !(group in groups))?.group ??
    scales.flatMap(({ values }) => [...values.keys()]).find((i) => !(i in points));
  if (lost !== undefined)
    throw new UserError({
      where: `figure ${name}`,
      expected: `groups below ${groups.length} and numbers of the ${points.length} points`,
      got: String(lost),
      fix: "Give every point a group, and numbers by the index of their point.",
    });
  const markers = (of: readonly MapPoint[]) =>
    ({
      type: "scatter",
      mode: "markers",
      x: of.map(({ x }) => hundredths(x)),
      y: of.map(({ y }) => hundredths(y)),
    }) as const;
  const grouped = groups.map(({ label, style, size }, g): Data => {
    const own = points.filter(({ group }) => group === g);
    return {
      ...markers(own),
      name: label,
      text: own.map(({ text }) => text.map(plain).join("<br>")),
      hovertemplate: "%{text}<extra></extra>",
      marker: { color: style.color, symbol: style.symbol, size },
    };
  });
  const colours = scales.map(({ values }) => Array.from(values.values(), hundredths));
  const scaled = scales.map((scale, s): Data => ({
    ...markers([...scale.values.keys()].map((i) => points[i]!)),
    hoverinfo: "skip",
    showlegend: false,
    visible: false,
    marker: scaleMarker(scale, colours[s]!),
  }));
  const button = (label: string, shown?: number) => ({
    label,
    method: "update" as const,
    args: [
      {
        visible: [...groups.map(() => true), ...scales.map((_, s) => s === shown)],
        "marker.color": [...groups.map(({ style }) => (shown === undefined ? style.color : GREY)), ...colours],
      },
      { showlegend: shown === undefined },
    ],
  });
  const menu: Partial<UpdateMenu> = {
    type: "buttons",
    direction: "right",
    x: 0,
    xanchor: "left",
    y: 1,
    yanchor: "bottom",
    pad: { b: 8 },
    bgcolor: "#FFFFFF",
    bordercolor: "#B8BEC6",
    font: { size: 13 },
    buttons: [button(groupLabel), ...scales.map(({ label }, s) => button(label, s))],
  };
  const layout = figureLayout({ title, legend: groups.map(({ label }) => label), width, height, gap: 44 });
  const bare = axis("", { showgrid: false, showticklabels: false, ticks: "", showline: false });
  return {
    name,
    data: [...grouped, ...scaled],
    layout: {
      ...layout,
      hovermode: "closest",
      margin: { ...layout.margin, l: 14, b: 14 },
      xaxis: bare,
      yaxis: { ...bare, scaleanchor: "x" },
      updatemenus: [menu],
    },
  };
}

function scaleMarker({ title, diverging }: MapScale, color: number[]): object {
  const most = color.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const colorbar: Partial<ColorBar> = { title: { text: title, side: "right" }, thickness: 14, outlinewidth: 0 };
  return {
    color,
    colorscale: diverging ? DIVERGING : SEQUENTIAL,
    ...(diverging ? { cmin: -most, cmax: most } : {}),
    showscale: true,
    colorbar,
    size: 9,
    line: { color: "#1A1A1A", width: 0.7 },
  };
}

/** Below a pixel, and a third of the bytes. */
function hundredths(value: number): number {
  return Math.round(100 * value) / 100;
}

/** plotly reads tags in hover texts. */
function plain(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

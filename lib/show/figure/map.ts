/**
 * A map of points in groups, which buttons recolour by numbers that some of them have; a saved image shows the groups.
 * Every point is drawn once, by its group, and carries its hover text there; numbers lie on top, on greyed groups.
 */
import type { Annotations, ColorBar, ColorScale, Data, UpdateMenu } from "plotly.js";
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
  /** names of places on the map, the most important first: one that finds no room is left out */
  labels?: readonly MapLabel[];
  /** under the title */
  note?: string;
  width?: number;
  height?: number;
}

export interface MapLabel {
  x: number;
  y: number;
  text: string;
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
  labels = [],
  note,
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
  const layout = figureLayout({ title, note, legend: groups.map(({ label }) => label), width, height, gap: 44 });
  const bare = axis("", { showgrid: false, showticklabels: false, ticks: "", showline: false });
  const margin = { ...layout.margin, l: 14, b: 14 };
  const room = { width: width - margin.l - margin.r!, height: height - margin.t! - margin.b };
  return {
    name,
    data: [...grouped, ...scaled],
    layout: {
      ...layout,
      hovermode: "closest",
      margin,
      annotations: placed(labels, points, room).map(annotation),
      xaxis: bare,
      yaxis: { ...bare, scaleanchor: "x" },
      updatemenus: [menu],
    },
  };
}

const LABEL_SIZE = 13;
/** A label's height, and its mean width a character, px. */
const [LABEL_HEIGHT, LABEL_CHARACTER] = [20, 8];

/** Labels where they are meant to be, else a little above or below, so that no two overlap. */
function placed(
  labels: readonly MapLabel[],
  points: readonly MapPoint[],
  room: { width: number; height: number },
): MapLabel[] {
  const range = (of: (point: MapPoint) => number): number =>
    points.reduce((most, p) => Math.max(most, of(p)), -Infinity) -
    points.reduce((least, p) => Math.min(least, of(p)), Infinity);
  const scale = Math.min(room.width / range(({ x }) => x), room.height / range(({ y }) => y)); // px a unit
  const overlap = (a: MapLabel, b: MapLabel): boolean =>
    Math.abs(a.x - b.x) * scale < (LABEL_CHARACTER * (a.text.length + b.text.length)) / 2 &&
    Math.abs(a.y - b.y) * scale < LABEL_HEIGHT;
  const shown: MapLabel[] = [];
  for (const label of labels) {
    const tries = [0, 1, -1, 2, -2].map((by) => ({ ...label, y: label.y + (1.01 * by * LABEL_HEIGHT) / scale }));
    const free = tries.find((own) => shown.every((other) => !overlap(own, other)));
    if (free) shown.push(free);
  }
  return shown;
}

function annotation({ x, y, text }: MapLabel): Partial<Annotations> {
  return {
    x: hundredths(x),
    y: hundredths(y),
    text: plain(text),
    showarrow: false,
    font: { size: LABEL_SIZE, weight: 700, color: "#1A1A1A" },
    bgcolor: "rgba(255,255,255,0.5)",
    borderpad: 1,
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

/**
 * Arrows on maps of the world, a map a panel, all on the same axes; buttons choose which arrows, a saved image shows
 * the first choice. Equirectangular, true to scale at 35 degrees. An arrow is a bow to the right of its way, so that
 * there and back lie apart; where the shorter way crosses the 180th meridian it leaves one edge and enters the other.
 */
import type { Annotations, Data, Layout, UpdateMenu } from "plotly.js";
import { palette, tint } from "../palette";
import { coast } from "./coast";
import type { Figure } from "./figure";
import { axis, axisId, figureLayout } from "./template";

/** Degrees. */
export interface Place {
  latitude: number;
  longitude: number;
}

export interface Flow {
  from: Place;
  to: Place;
  /** how often; the line is wider where it is more */
  count: number;
  /** lines shown on hovering over the arrow's head */
  text: readonly string[];
}

/** What a button shows: arrows of each panel. */
export interface FlowView {
  label: string;
  panels: readonly (readonly Flow[])[];
}

export interface FlowOptions {
  name: string;
  title: string;
  /** n, units and sources, under the title */
  note: string;
  panels: readonly string[];
  /** the first is shown; with more, each gets a button */
  views: readonly FlowView[];
  /** marked on every map */
  places: { label: string; at: readonly Place[] };
}

const WIDTH = 760;
const EDGE = 14;
const GAP = 34;
/** Inhabited land. */
const LATITUDES: readonly [number, number] = [-56, 78];
/** Of a degree of latitude, to one of longitude. */
const STRETCH = 1 / Math.cos((35 * Math.PI) / 180);
const LAND = "#ECEEF1";
const SHORE = "#B8BEC6";
/** Line widths by how often an arrow was taken, px; the last from there on. */
const CLASSES = [
  { from: 1, label: "once", width: 0.8 },
  { from: 2, label: "2 or 3 times", width: 1.3 },
  { from: 4, label: "4 to 7", width: 1.9 },
  { from: 8, label: "8 to 15", width: 2.6 },
  { from: 16, label: "16 to 31", width: 3.4 },
  { from: 32, label: "32 or more", width: 4.4 },
] as const;
const ARROW = palette.contradictory.color;

/** Arrows are as many as are given: who calls keeps the most frequent. The legend names the widths that are shown. */
export function flowFigure({ name, title, note, panels, views, places }: FlowOptions): Figure {
  const panelHeight = ((WIDTH - 2 * EDGE) * (LATITUDES[1] - LATITUDES[0]) * STRETCH) / 360;
  const inner = panels.length * panelHeight + (panels.length - 1) * GAP;
  const legend = [places.label, ...CLASSES.map(({ label }) => label)];
  const look = { title, note, legend, width: WIDTH, gap: views.length > 1 ? 66 : 32 };
  const margin = { ...figureLayout(look).margin, l: EDGE, r: EDGE, b: EDGE };
  const height = Math.ceil(inner + margin.t! + margin.b);
  const tops = panels.map((_, i) => 1 - (i * (panelHeight + GAP)) / inner);
  const axes: Record<string, unknown> = {};
  panels.forEach((_, i) => {
    const [id, anchor] = [axisId(i), tops[i]!];
    const bare = { showgrid: false, showticklabels: false, ticks: "" as const, mirror: true, linecolor: SHORE };
    const x = { range: [-180, 180], anchor: `y${id}` as "y", ...(i > 0 && { matches: "x" as const }) };
    axes[`xaxis${id}`] = axis("", { ...bare, ...x });
    axes[`yaxis${id}`] = axis("", {
      ...bare,
      range: [...LATITUDES],
      domain: [Math.max(0, anchor - panelHeight / inner), anchor],
      anchor: `x${id}` as "x",
      ...(i > 0 ? { matches: "y" } : {}),
    });
  });
  const fixed = panels.flatMap((_, i) => [landTrace(i), placeTrace(places, i)]);
  /** Traces by the views that show them. */
  const chosen = [
    ...CLASSES.map(({ label, width }, c) => ({
      trace: { ...line([], [], width), name: label, showlegend: true },
      seen: views.map(({ panels }) => panels.flat().some((flow) => classOf(flow) === c)),
    })),
    ...views.flatMap((view) =>
      view.panels.flatMap(flowTraces).map((trace) => ({ trace, seen: views.map((other) => other === view) })),
    ),
  ];
  return {
    name,
    data: [...fixed, ...chosen.map(({ trace, seen }): Data => ({ ...trace, visible: seen[0]! }))],
    layout: {
      ...figureLayout({ ...look, height }),
      margin,
      hovermode: "closest",
      ...(axes as Partial<Layout>),
      annotations: panels.map((text, i) => panelTitle(text, tops[i]!)),
      ...(views.length > 1 && {
        updatemenus: [menu(views, (v) => [...fixed.map(() => true), ...chosen.map(({ seen }) => seen[v]!)])],
      }),
    },
  };
}

function on(panel: number): { xaxis: string; yaxis: string } {
  return { xaxis: `x${axisId(panel)}`, yaxis: `y${axisId(panel)}` };
}

function landTrace(panel: number): Data {
  const { longitude, latitude } = coast();
  return {
    type: "scatter",
    mode: "lines",
    ...on(panel),
    x: longitude,
    y: latitude,
    fill: "toself",
    fillcolor: LAND,
    line: { color: SHORE, width: 0.7 },
    hoverinfo: "skip",
    showlegend: false,
  };
}

function placeTrace({ label, at }: FlowOptions["places"], panel: number): Data {
  return {
    type: "scatter",
    mode: "markers",
    ...on(panel),
    name: label,
    x: at.map(({ longitude }) => tenths(longitude)),
    y: at.map(({ latitude }) => tenths(latitude)),
    marker: { color: "#1A1A1A", size: 3 },
    hoverinfo: "skip",
    showlegend: panel === 0,
  };
}

function line(x: readonly (number | null)[], y: readonly (number | null)[], width: number): Data {
  return {
    type: "scatter",
    mode: "lines",
    x: x.length > 0 ? [...x] : [null],
    y: y.length > 0 ? [...y] : [null],
    line: { color: tint(ARROW, 0.5), width },
    hoverinfo: "skip",
    showlegend: false,
  };
}

function classOf({ count }: Flow): number {
  return CLASSES.findLastIndex(({ from }) => count >= from);
}

/** Lines by width, and the heads with their texts. */
function flowTraces(flows: readonly Flow[], panel: number): Data[] {
  const bows = flows.flatMap((flow) => bowsOf(flow).map((points) => ({ flow, points })));
  const lines = CLASSES.flatMap(({ width }, c): Data[] => {
    const own = bows.filter(({ flow }) => classOf(flow) === c);
    const column = (i: 0 | 1) => own.flatMap(({ points }) => [...points.map((point) => tenths(point[i])), null]);
    return own.length > 0 ? [{ ...line(column(0), column(1), width), ...on(panel) }] : [];
  });
  const heads = bows.map(({ flow, points }) => ({ flow, end: points.at(-1)!, before: points.at(-2)! }));
  const head: Data = {
    type: "scatter",
    mode: "markers",
    ...on(panel),
    x: heads.map(({ end }) => tenths(end[0])),
    y: heads.map(({ end }) => tenths(end[1])),
    text: heads.map(({ flow }) => flow.text.join("<br>")),
    hovertemplate: "%{text}<extra></extra>",
    marker: {
      symbol: "arrow",
      angle: heads.map(({ end, before }) => heading(before, end)),
      size: heads.map(({ flow }) => 5 + classOf(flow)),
      color: ARROW,
      line: { width: 0 },
    } as Data extends { marker?: infer M } ? M : never,
    showlegend: false,
  };
  return heads.length > 0 ? [...lines, head] : [];
}

type Point = readonly [x: number, y: number];

/** Clockwise from up, in degrees, as it looks on the map. */
function heading([x0, y0]: Point, [x1, y1]: Point): number {
  return Math.round((Math.atan2(x1 - x0, (y1 - y0) * STRETCH) * 180) / Math.PI);
}

const BEND = 0.18;

/** Points of a bow; twice, once for each edge, where it crosses the 180th meridian. */
function bowsOf({ from, to }: Flow): Point[][] {
  const turn = 360 * Math.round((from.longitude - to.longitude) / 360); // the shorter way round
  const [x0, y0, x1, y1] = [from.longitude, from.latitude, to.longitude + turn, to.latitude];
  const middle: Point = [(x0 + x1) / 2 + BEND * (y1 - y0) * STRETCH, (y0 + y1) / 2 - (BEND * (x1 - x0)) / STRETCH];
  const steps = Math.min(12, 2 + Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 10));
  const points = Array.from({ length: steps + 1 }, (_, i): Point => {
    const t = i / steps;
    const at = (a: number, b: number, c: number): number => (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t ** 2 * c;
    return [at(x0, middle[0], x1), at(y0, middle[1], y1)];
  });
  return turn === 0 ? [points] : [points, points.map(([x, y]): Point => [x - turn, y])];
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10;
}

function panelTitle(text: string, top: number): Partial<Annotations> {
  return {
    text,
    font: { size: 14, weight: 700 },
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: 0,
    xanchor: "left",
    y: top,
    yanchor: "bottom",
    yshift: 4,
  };
}

function menu(views: readonly FlowView[], visible: (view: number) => boolean[]): Partial<UpdateMenu> {
  return {
    type: "dropdown",
    x: 0,
    xanchor: "left",
    y: 1,
    yanchor: "bottom",
    pad: { b: 28 },
    bgcolor: "#FFFFFF",
    bordercolor: SHORE,
    buttons: views.map(({ label }, v) => ({ label, method: "restyle", args: [{ visible: visible(v) }] })),
  };
}

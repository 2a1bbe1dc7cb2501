/**
 * A map of points with several colourings, of which buttons choose one; saved images show the first. All points lie
 * below in grey and carry the hover text, once; a colouring lays its own points on top, without text.
 */
import type { ColorBar, ColorScale, Data, UpdateMenu } from "plotly.js";
import { UserError } from "../../base/check";
import { okabeIto, type SeriesStyle } from "../palette";
import type { Figure } from "./figure";
import { axis, figureLayout } from "./template";

export interface MapPoint {
  x: number;
  y: number;
  /** What hovering shows, lines joined by "<br>"; taken as plain text otherwise. */
  text: readonly string[];
}

/** Numbers of some points, by their index, on a scale. */
export interface ScaleColouring {
  label: string;
  /** Title of the colour bar. */
  title: string;
  values: ReadonlyMap<number, number>;
  /** Diverging scales have 0 in the middle. */
  diverging?: boolean;
}

/** Groups of points, by their indices. */
export interface GroupColouring {
  label: string;
  groups: readonly { label: string; style: SeriesStyle; points: readonly number[] }[];
}

export interface MapOptions {
  name: string;
  title: string;
  points: readonly MapPoint[];
  colourings: readonly (ScaleColouring | GroupColouring)[];
  width?: number;
  height?: number;
}

const GREY = "#D3D7DC";
/** Cividis from its dark to its light end (Nuñez, Anderton & Renslow 2018): made for colour-blind readers. */
const SEQUENTIAL: ColorScale = [[0, "#00224E"], [0.25, "#35456C"], [0.5, "#7D7C78"], [0.75, "#BCAF6F"], [1, "#FEE838"]];
const DIVERGING: ColorScale = [[0, okabeIto.vermillion], [0.5, "#F7F7F7"], [1, okabeIto.blue]];

/** @throws UserError for no colouring, or one of a point that is not there */
export function mapFigure({ name, title, points, colourings, width = 760, height = 640 }: MapOptions): Figure {
  if (colourings.length === 0) throw new UserError({ where: `figure ${name}`, expected: "at least one colouring", got: "none", fix: "Give one." });
  const round = (value: number): number => Math.round(100 * value) / 100; // hundredths are below a pixel, and a third of the bytes
  const xs = points.map(({ x }) => round(x)), ys = points.map(({ y }) => round(y));
  const at = (coordinates: readonly number[], indices: readonly number[]): number[] => indices.map((i) => {
    if (!(i in coordinates)) throw new UserError({ where: `figure ${name}`, expected: `indices of the ${points.length} points`, got: String(i), fix: "Colour points of the map." });
    return coordinates[i]!;
  });
  const overlay = (indices: readonly number[], rest: Partial<Data>): Data => ({ type: "scatter", mode: "markers", x: at(xs, indices), y: at(ys, indices), hoverinfo: "skip", ...rest }) as Data;
  const overlays = colourings.map((colouring) => ("groups" in colouring
    ? colouring.groups.map(({ label, style, points: own }) => overlay(own, { name: label, marker: { color: style.color, symbol: style.symbol, size: 5 } }))
    : [overlay([...colouring.values.keys()], { showlegend: false, marker: scaleMarker(colouring) })]));
  const ground: Data = { type: "scatter", mode: "markers", x: xs, y: ys, text: points.map(({ text }) => text.map(plain).join("<br>")), hovertemplate: "%{text}<extra></extra>", showlegend: false, marker: { color: GREY, size: 4 } };
  const owner = overlays.flatMap((traces, colouring) => traces.map(() => colouring));
  const visible = (shown: number): boolean[] => [true, ...owner.map((colouring) => colouring === shown)];
  const data = [ground, ...overlays.flat()].map((trace, i) => ({ ...trace, visible: visible(0)[i]! }) as Data);
  const legend = colourings.flatMap((colouring) => ("groups" in colouring ? colouring.groups.map(({ label }) => label) : []));
  const layout = figureLayout({ title, legend, width, height, gap: 44 });
  const bare = axis("", { showgrid: false, showticklabels: false, ticks: "", showline: false });
  const menu: Partial<UpdateMenu> = {
    type: "buttons", direction: "right", x: 0, xanchor: "left", y: 1, yanchor: "bottom", pad: { b: 8 }, showactive: true, bgcolor: "#FFFFFF", bordercolor: "#B8BEC6", font: { size: 13 },
    buttons: colourings.map(({ label }, i) => ({ label, method: "restyle", args: [{ visible: visible(i) }] })),
  };
  return { name, data, layout: { ...layout, hovermode: "closest", margin: { ...layout.margin, l: 14, b: 14 }, xaxis: bare, yaxis: { ...bare, scaleanchor: "x" }, updatemenus: [menu] } };
}

function scaleMarker({ title, values, diverging }: ScaleColouring): object {
  const numbers = [...values.values()];
  const most = numbers.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const bar: Partial<ColorBar> = { title: { text: title, side: "right" }, thickness: 14, outlinewidth: 0 };
  return { color: numbers.map((v) => Math.round(1000 * v) / 1000), colorscale: diverging ? DIVERGING : SEQUENTIAL, ...(diverging ? { cmin: -most, cmax: most } : {}), showscale: true, colorbar: bar, size: 9, line: { color: "#1A1A1A", width: 0.7 } };
}

/** plotly reads some tags in hover texts. */
function plain(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

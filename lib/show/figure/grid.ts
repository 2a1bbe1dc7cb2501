/** Grids of differences: a cell a pair of settings, coloured by the value, with the value and its interval in it. */
import type { Data, Shape } from "plotly.js";
import type { Interval } from "../../base/stats";
import { okabeIto, tint } from "../palette";
import { runsOf, type Traced } from "../provenance";
import type { Figure } from "./figure";
import { axis, figureLayout } from "./template";

export interface GridCell extends Traced {
  value: Interval;
  /** whether the cell is marked with a star */
  marked: boolean;
}

export interface GridOptions {
  name: string;
  title: string;
  xTitle: string;
  yTitle: string;
  xLabels: readonly string[];
  /** from the bottom up */
  yLabels: readonly string[];
  /** [yLabels][xLabels] */
  cells: readonly (readonly GridCell[])[];
}

/** Blue above 0, orange below, stronger the farther from it; no heat map trace, which needs a canvas to draw. */
export function gridFigure({ name, title, xTitle, yTitle, xLabels, yLabels, cells }: GridOptions): Figure {
  const places = cells.flatMap((row, y) => row.map((cell, x) => ({ x, y, cell })));
  const most = Math.max(...places.map(({ cell }) => Math.abs(cell.value.value)), Number.MIN_VALUE);
  const shapes = places.map(({ x, y, cell: { value } }): Partial<Shape> => {
    const color = value.value >= 0 ? okabeIto.blue : okabeIto.orange;
    return {
      type: "rect",
      layer: "below",
      x0: x - 0.5,
      x1: x + 0.5,
      y0: y - 0.5,
      y1: y + 0.5,
      line: { color: "#FFFFFF", width: 2 },
      fillcolor: tint(color, Math.round((60 * Math.abs(value.value)) / most) / 100),
    };
  });
  const data: Data[] = [
    {
      type: "scatter",
      mode: "text",
      x: places.map(({ x }) => x),
      y: places.map(({ y }) => y),
      text: places.map(({ cell }) => cellText(cell)),
      hoverinfo: "skip",
      showlegend: false,
    },
  ];
  const ticks = (labels: readonly string[]) => ({
    tickmode: "array" as const,
    tickvals: labels.map((_, i) => i),
    ticktext: [...labels],
    range: [-0.5, labels.length - 0.5],
    showgrid: false,
    ticks: "" as const,
    showline: false,
  });
  return {
    name,
    runs: runsOf(...places.map(({ cell }) => cell)),
    data,
    layout: {
      ...figureLayout({ title, legend: [], xTitle, width: 640, height: 170 + 64 * yLabels.length }),
      shapes,
      xaxis: axis(xTitle, ticks(xLabels)),
      yaxis: axis(yTitle, ticks(yLabels)),
    },
  };
}

function cellText({ value: { value, low, high }, marked }: GridCell): string {
  const signed = (n: number): string => `${n > 0 ? "+" : ""}${n.toFixed(1)}`;
  return `<b>${signed(value)}${marked ? " *" : ""}</b><br>${signed(low)} to ${signed(high)}`;
}

/**
 * One look for all figures: Open Sans, white ground, title and legend at the top left, light grid, axes
 * outside. The default size is one column of a paper: printed 84 mm wide its text is about 6.5 pt.
 */
import type { Layout, LayoutAxis } from "plotly.js";
import { fontStack } from "./fonts";

const INK = "#1A1A1A";
const GRID = "#E3E6EA";
const FONT_SIZE = 15;
const TITLE_SIZE = 16;
const NOTE_SIZE = 13;
const LINE_HEIGHT = 1.35;
/** Mean width of a character in em: regular, bold. Used to break lines before anything is measured. */
const MEAN_WIDTH = { regular: 0.54, bold: 0.6 };
const EDGE = 14;
/** plotly lifts a title of several lines by this much, px. */
const TITLE_RISE = 11;

export interface LayoutOptions {
  title: string;
  /** Labels in the legend, empty for none. */
  legend: readonly string[];
  width?: number;
  height?: number;
  /** Space under the legend for panel titles, px. */
  gap?: number;
  /** Lines need a longer sample in the legend than bars and markers. */
  lines?: boolean;
  /** Without a title of the x axis the lower margin is smaller. */
  xTitle?: string;
  /** Under the title in small print: n, units, sources. Part of the figure's caption. */
  note?: string;
}

/** The shared layout; builders add axes to it. */
export function figureLayout({
  title,
  legend,
  width = 560,
  height = 380,
  gap = 10,
  lines: longSample = false,
  xTitle = "",
  note,
}: LayoutOptions): Partial<Layout> {
  const most = (size: number, em: number): number => Math.floor((width - 2 * EDGE) / (size * em));
  const notes = note === undefined ? [] : wrap(note, most(NOTE_SIZE, MEAN_WIDTH.regular));
  const lines = [
    ...wrap(title, most(TITLE_SIZE, MEAN_WIDTH.bold)),
    ...notes.map((line) => `<span style="font-size:${NOTE_SIZE}px;font-weight:400">${line}</span>`),
  ];
  const itemwidth = longSample ? 40 : 30;
  const rows = legendRows(legend, itemwidth, width - 2 * EDGE);
  const titleHeight = lines.length * TITLE_SIZE * LINE_HEIGHT;
  const legendHeight = rows * FONT_SIZE * 1.6;
  return {
    width,
    height,
    title: {
      text: lines.join("<br>"),
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      pad: { l: EDGE, t: EDGE + (lines.length > 1 ? TITLE_RISE : 0) },
      font: { size: TITLE_SIZE, weight: 700 },
    },
    font: { family: fontStack, size: FONT_SIZE, color: INK },
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    margin: { l: 64, r: 18, t: EDGE + titleHeight + legendHeight + gap, b: xTitle ? 58 : 34 },
    showlegend: rows > 0,
    legend: {
      orientation: "h",
      x: (EDGE - (longSample ? 5 : 14)) / width,
      xref: "container",
      xanchor: "left",
      y: 1 - (EDGE + titleHeight) / height,
      yref: "container",
      yanchor: "top",
      font: { size: FONT_SIZE },
      itemwidth,
      traceorder: "normal",
    },
    hoverlabel: { font: { family: fontStack, size: 13 } },
  };
}

/** The shared look of an axis. */
export function axis(title: string, options: Partial<LayoutAxis> = {}): Partial<LayoutAxis> {
  return {
    ...(title ? { title: { text: title, standoff: 10, font: { size: FONT_SIZE } } } : {}),
    tickfont: { size: FONT_SIZE - 1 },
    automargin: true,
    showline: true,
    linecolor: INK,
    linewidth: 1,
    ticks: "outside",
    ticklen: 5,
    tickcolor: INK,
    gridcolor: GRID,
    gridwidth: 1,
    zeroline: false,
    ...options,
  };
}

/**
 * Powers of two with a label each; every second label where there are many.
 * @param low, high smallest and largest x, above 0
 */
export function log2Axis(title: string, low: number, high: number): Partial<LayoutAxis> {
  const [first, last] = [Math.floor(Math.log2(low)), Math.ceil(Math.log2(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => 2 ** (first + i));
  return axis(title, {
    type: "log",
    tickmode: "array",
    tickvals: powers,
    ticktext: powers.map(String),
    range: [Math.log10(low) - 0.06, Math.log10(high) + 0.06],
  });
}

/** As plotly numbers the axes of panels: those of the first have no number. */
export function axisId(panel: number): string {
  return panel === 0 ? "" : String(panel + 1);
}

/** Of a line that marks no difference. */
export const zeroLine = { color: INK, width: 1, dash: "dot" } as const;

/** Breaks a text into lines of at most `max` characters, at spaces. */
export function wrap(text: string, max: number): string[] {
  return text.split(/\s+/).reduce<string[]>((lines, word) => {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= max) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}

/** Rows that plotly will need: it gives every entry the width of the widest once they do not fit one row. */
function legendRows(labels: readonly string[], itemwidth: number, width: number): number {
  if (labels.length === 0) return 0;
  const entries = labels.map((label) => itemwidth + 20 + label.length * FONT_SIZE * MEAN_WIDTH.regular);
  if (entries.reduce((sum, w) => sum + w, 0) <= width) return 1;
  return Math.ceil(labels.length / Math.max(1, Math.floor(width / Math.max(...entries))));
}

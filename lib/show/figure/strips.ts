/**
 * Texts as strips: a row a text, a segment a sentence, as long as it has characters, in the colour and with the letter
 * of its verdict; faded and without letter where it is masked.
 */
import type { Data, PlotData } from "plotly.js";
import type { Verdict } from "../../factuality/records";
import { verdictLook } from "../palette";
import type { Figure } from "./figure";
import { axis, figureLayout } from "./template";

export interface Strip {
  label: string;
  segments: readonly { text: string; verdict: Verdict; masked: boolean }[];
}

export interface StripOptions {
  name: string;
  title: string;
  strips: readonly Strip[];
  width?: number;
  rowHeight?: number;
}

const MASKED_OPACITY = 0.18;

/** Rows from top to bottom in the order given. */
export function stripFigure({ name, title, strips, width = 960, rowHeight = 34 }: StripOptions): Figure {
  const data = (Object.keys(verdictLook) as Verdict[])
    .map((verdict): Data => {
      const { label, letter, style } = verdictLook[verdict];
      const bars = strips.flatMap((strip) => {
        let start = 0;
        return strip.segments.flatMap(({ text, verdict: own, masked }) => {
          const bar = { y: strip.label, base: start, length: text.length, text, masked };
          start += text.length + 1; // a gap between sentences
          return own === verdict ? [bar] : [];
        });
      });
      return {
        type: "bar",
        orientation: "h",
        name: `${letter} ${label}`,
        y: bars.map(({ y }) => y),
        x: bars.map(({ length }) => length),
        base: bars.map(({ base }) => base),
        marker: {
          color: style.color,
          opacity: bars.map(({ masked }) => (masked ? MASKED_OPACITY : 1)),
          line: { color: "#1A1A1A", width: 0.5 },
        },
        text: bars.map(({ masked }) => (masked ? "" : letter)),
        textposition: "inside",
        insidetextanchor: "middle",
        constraintext: "none",
        hovertext: bars.map(({ text, masked }) => `${text}${masked ? " (masked)" : ""}`),
        hoverinfo: "text",
      } as Data;
    })
    .filter((trace) => ((trace as PlotData).x as number[]).length > 0);
  const layout = figureLayout({
    title,
    legend: data.map((trace) => (trace as PlotData).name),
    width,
    height: 150 + rowHeight * strips.length,
    xTitle: "Characters",
  });
  return {
    name,
    data,
    layout: {
      ...layout,
      barmode: "overlay",
      bargap: 0.25,
      xaxis: axis("Characters", { showgrid: false }),
      yaxis: axis("", {
        autorange: "reversed",
        categoryorder: "array",
        categoryarray: strips.map(({ label }) => label),
        showgrid: false,
        automargin: true,
      }),
    },
  };
}

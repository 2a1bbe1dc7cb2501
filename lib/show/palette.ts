/**
 * One colour-blind-safe palette for all figures and the mask inspector: Okabe & Ito (2008).
 * A role keeps its look in every figure, and colour is never its only cue: lines differ in dash and
 * marker, bars in hatching, verdicts in letter.
 */
import type { Verdict } from "../factuality/records";
import { verdictLabels } from "../factuality/verdict";

export const okabeIto = {
  black: "#000000",
  orange: "#E69F00",
  skyBlue: "#56B4E9",
  green: "#009E73",
  yellow: "#F0E442",
  blue: "#0072B2",
  vermillion: "#D55E00",
  purple: "#CC79A7",
} as const;

/** How one series is drawn, whatever the kind of figure. */
export interface SeriesStyle {
  color: string;
  dash: "solid" | "dot" | "dash" | "longdash" | "dashdot" | "longdashdot";
  symbol:
    | "circle"
    | "square"
    | "diamond"
    | "triangle-up"
    | "triangle-down"
    | "x"
    | "cross"
    | "diamond-open"
    | "circle-open"
    | "square-open";
  /** Hatching of bars; "" is plain. */
  pattern: "" | "/" | "\\" | "x" | "-" | "|" | "+" | ".";
}

/** Who or what a series stands for. `printed` is a number of the paper beside ours. */
export type Role =
  | "base"
  | "maskDpo"
  | "dpo"
  | "inverted"
  | "random"
  | "printed"
  | "chosen"
  | "rejected"
  | "supported"
  | "contradictory"
  | "unverifiable"
  | "noFact";

export const palette: Record<Role, SeriesStyle> = {
  base: { color: "#5F6670", dash: "dash", symbol: "square", pattern: "" },
  maskDpo: { color: okabeIto.blue, dash: "solid", symbol: "circle", pattern: "/" },
  dpo: { color: okabeIto.orange, dash: "dashdot", symbol: "triangle-up", pattern: "\\" },
  inverted: { color: okabeIto.vermillion, dash: "dot", symbol: "triangle-down", pattern: "x" },
  random: { color: okabeIto.purple, dash: "longdashdot", symbol: "cross", pattern: "." },
  printed: { color: okabeIto.black, dash: "dot", symbol: "diamond-open", pattern: "-" },
  chosen: { color: okabeIto.green, dash: "solid", symbol: "circle", pattern: "" },
  rejected: { color: okabeIto.vermillion, dash: "dash", symbol: "square", pattern: "/" },
  supported: { color: okabeIto.green, dash: "solid", symbol: "circle", pattern: "" },
  contradictory: { color: okabeIto.vermillion, dash: "dash", symbol: "x", pattern: "/" },
  unverifiable: { color: okabeIto.purple, dash: "dot", symbol: "diamond", pattern: "x" },
  noFact: { color: okabeIto.skyBlue, dash: "longdash", symbol: "triangle-down", pattern: "." },
};

/** A verdict's letter, words, role, and the line under its text (CSS). */
export const verdictLook: Record<Verdict, { letter: string; label: string; style: SeriesStyle; line: string }> = {
  supported: { ...verdictLabels.supported, style: palette.supported, line: "solid" },
  contradictory: { ...verdictLabels.contradictory, style: palette.contradictory, line: "double" },
  unverifiable: { ...verdictLabels.unverifiable, style: palette.unverifiable, line: "dotted" },
  "no-fact": { ...verdictLabels["no-fact"], style: palette.noFact, line: "dashed" },
};

/** Colours of every page, light and dark: light-dark() takes the scheme of the element. Paper is white. */
const pageColours = `:root {
  color-scheme: light dark;
  --page: light-dark(#fff, #16181b);
  --ink: light-dark(#1a1a1a, #ececec);
  --soft: light-dark(#565d66, #adb4bd);
  --line: light-dark(#cfd4da, #41474e);
  --panel: light-dark(#f5f6f8, #1f2226);
  --link: light-dark(#0b4f9e, #7db9f0);
  --hatch: light-dark(#c3c8ce, #4a515a);
}
@media print {
  :root {
    color-scheme: light;
  }
}`;

/**
 * A style sheet with what all pages share in the places of its marks: the colours of pages, and a class of each verdict
 * with its colour `--v` and line `--s`.
 */
export function styleSheet(styles: string): string {
  const classes = Object.entries(verdictLook).map(([name, { style, line }]) => {
    return `.${name} { --v: ${style.color}; --s: ${line}; }`;
  });
  const shared: Record<string, string> = { COLOURS: pageColours, VERDICTS: classes.join("\n") };
  return styles.replace(/\/\*(COLOURS|VERDICTS)\*\//g, (_, name: string) => shared[name]!);
}

/** "#RRGGBB" with an opacity, as CSS. */
export function tint(color: string, opacity: number): string {
  const channel = (at: number): number => Number.parseInt(color.slice(at, at + 2), 16);
  return `rgba(${channel(1)}, ${channel(3)}, ${channel(5)}, ${opacity})`;
}

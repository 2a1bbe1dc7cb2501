/**
 * Figures: a value (plotly traces and layout under a name) that renders to SVG, PNG and PDF the same on every machine,
 * to the byte.
 */
import type { Data, Layout } from "plotly.js";

/** One figure. `name` is its file name, by convention "<notebook>-<what>". */
export interface Figure {
  name: string;
  data: Data[];
  /** run folders it is from */
  runs?: readonly string[];
  /** Carries width and height in px. */
  layout: Partial<Layout>;
}

/** The same figure in three formats. `png` has two pixels per px; `pdf` is vector, one page, text selectable. */
export interface RenderedFigure {
  svg: string;
  png: Uint8Array;
  pdf: Uint8Array;
}

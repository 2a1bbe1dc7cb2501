/** What one notebook display carries. */
import type { MimeData } from "./host";

/**
 * The same content for every reader: `text` is what a terminal and a diff show; JupyterLab and VS Code take `html`,
 * GitHub `html` or `svg`, LaTeX `latex` or `png`.
 */
export interface Bundle {
  text: string;
  html?: string;
  svg?: string;
  png?: Uint8Array;
  markdown?: string;
  latex?: string;
  json?: unknown;
}

/** As Jupyter takes it; text last as the plainest. */
export function mimeData(bundle: Bundle): MimeData {
  const all: MimeData = {
    "text/html": bundle.html,
    "text/markdown": bundle.markdown,
    "text/latex": bundle.latex,
    "image/svg+xml": bundle.svg,
    "image/png": bundle.png && Buffer.from(bundle.png).toString("base64"),
    "application/json": bundle.json,
    "text/plain": bundle.text,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

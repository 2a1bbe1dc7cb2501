/** What one notebook display carries. */

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

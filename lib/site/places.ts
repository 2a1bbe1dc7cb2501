/** Where files of the project are in the site. */
import { existsSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../base/files";
import { rootFrom } from "./shell";

/** Site path of a document (Markdown) of the project. */
export function documentPlace(file: string): string {
  const place = file.replace(/\.md$/, ".html");
  return file === "README.md" ? "docs/index.html" : `docs/${place}`;
}

export function notebookPlace(file: string): string {
  return file.replace(/\.ipynb$/, ".html");
}

/** Of the figures those files that pages show: drawings, interactive pages, and what these load. */
export function isShownFigure(name: string): boolean {
  return /\.(html|svg)$/.test(name) || name === "plotly.min.js";
}

/** Site path of a file of the project, where the site has it. */
export function placeOf(file: string): string | undefined {
  if (!existsSync(path.join(projectRoot, file)) || file.startsWith("..")) return undefined;
  if (file.endsWith(".md")) return documentPlace(file);
  if (/^notebooks\/[^/]+\.ipynb$/.test(file)) return notebookPlace(file);
  if (/^figures\/[^/]+$/.test(file) && isShownFigure(file)) return file;
  return undefined;
}

export interface Link {
  /** from the page */
  href: string;
  /** project path, where it is one */
  file?: string;
}

/**
 * A link of a project file as it is in the site.
 * @param from project file that it stands in @param page site path of the page it is shown on
 * @returns nothing where the site has no such thing
 */
export function linkFrom(from: string, page: string, href: string): Link | undefined {
  if (/^([a-z]+:|#)/.test(href)) return { href };
  const [target = "", anchor] = href.split("#");
  const file = path.posix.normalize(path.posix.join(path.posix.dirname(from), decodeURI(target))).replace(/\/$/, "");
  const place = placeOf(file) ?? placeOf(path.posix.join(file, "README.md"));
  if (place === undefined) return undefined;
  return { href: `${rootFrom(page)}${place}${anchor ? `#${anchor}` : ""}`, file };
}

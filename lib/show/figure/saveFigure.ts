/** Figures on disk: drawn to the same bytes on every machine, beside an interactive page and a record of their runs. */
import { readFileSync, existsSync } from "node:fs";
import path from "node:path";
import { writeFileAtomic } from "../../base/files";
import { writeFigureRecord } from "../record";
import { checkFileName } from "../markup";
import type { Provenance } from "../provenance";
import type { Figure, RenderedFigure } from "./figure";
import { figurePage, figureTitle } from "./html";
import { plotlyFile } from "./fonts";
import type { Renderer } from "./renderer";
import { renderShared } from "./shared";

/** The one copy of plotly that all pages of a figures folder refer to. */
export const sharedPlotly = "plotly.min.js";

/** @param renderer one that is already open; default: the one this process keeps */
export async function renderFigure(figure: Figure, renderer?: Renderer): Promise<RenderedFigure> {
  return renderer ? renderer.render(figure) : renderShared(figure);
}

/**
 * Writes `<dir>/<name>.{svg,pdf,png,html,figure.json}`, each whole or not at all, and the shared plotly once.
 * @throws UserError for a name that is no file name
 */
export async function saveFigure(
  figure: Figure,
  dir: string,
  renderer?: Renderer,
  run: Provenance | null = null,
): Promise<RenderedFigure> {
  checkFileName(figure.name, "saveFigure");
  const rendered = await renderFigure(figure, renderer);
  writeFigure(figure, rendered, dir, run);
  return rendered;
}

/** The same with a figure that is already drawn. */
export function writeFigure(
  figure: Figure,
  rendered: RenderedFigure,
  dir: string,
  run: Provenance | null = null,
): void {
  const stem = path.join(dir, checkFileName(figure.name, "saveFigure"));
  sharePlotly(dir);
  writeFileAtomic(`${stem}.svg`, rendered.svg);
  writeFileAtomic(`${stem}.png`, rendered.png);
  writeFileAtomic(`${stem}.pdf`, rendered.pdf);
  writeFileAtomic(`${stem}.html`, figurePage(figure, sharedPlotly));
  writeFigureRecord(dir, { name: figure.name, title: figureTitle(figure), run });
}

function sharePlotly(dir: string): void {
  const target = path.join(dir, sharedPlotly);
  const source = readFileSync(plotlyFile());
  if (!existsSync(target) || !readFileSync(target).equals(source)) writeFileAtomic(target, source);
}

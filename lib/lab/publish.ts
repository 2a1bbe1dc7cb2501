/** A result goes to the figures folder and comes back as what a notebook shows. */
import type { Figure } from "../show/figure/saveFigure";
import { saveFigure } from "../show/figure/saveFigure";
import { figureBundle } from "../show/figure/html";
import type { Bundle } from "../show/markup";
import { provenanceOf } from "../show/provenance";
import type { Session } from "./session";
import { saveTable, tableBundle, type Table } from "../show/table";

/** Saves a table as Markdown, LaTeX and JSON. */
export function publishTable(session: Session, table: Table): Bundle {
  saveTable(table, session.figures, provenanceOf(session));
  return tableBundle(table);
}

/** Saves a figure as SVG, PDF, PNG and HTML. */
export async function publishFigure(session: Session, figure: Figure): Promise<Bundle> {
  return figureBundle(figure, await saveFigure(figure, session.figures, undefined, provenanceOf(session)));
}

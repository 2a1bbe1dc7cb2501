/** A result goes to the figures folder and comes back as what a notebook shows. */
import type { Figure } from "./figure/figure";
import { saveFigure } from "./figure/figure";
import { figureBundle } from "./figure/html";
import type { Bundle } from "./markup";
import { provenanceOf } from "./provenance";
import type { Session } from "./session";
import { saveTable, tableBundle, type Table } from "./table";

/** Saves a table as Markdown, LaTeX and JSON. */
export function publishTable(session: Session, table: Table): Bundle {
  saveTable(table, session.figures, provenanceOf(session));
  return tableBundle(table);
}

/** Saves a figure as SVG, PDF, PNG and HTML. */
export async function publishFigure(session: Session, figure: Figure): Promise<Bundle> {
  return figureBundle(figure, await saveFigure(figure, session.figures, undefined, provenanceOf(session)));
}

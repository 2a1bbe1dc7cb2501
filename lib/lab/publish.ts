/** A result goes to the figures folder and comes back as what a notebook shows. */
import type { Figure } from "./figure/figure";
import { saveFigure } from "./figure/figure";
import { figureBundle } from "./figure/html";
import type { Bundle } from "./markup";
import type { Session } from "./session";
import { saveTable, tableBundle, type Table } from "./table";

/** Saves a table as Markdown and LaTeX. */
export function publishTable({ figures }: Session, table: Table): Bundle {
  saveTable(table, figures);
  return tableBundle(table);
}

/** Saves a figure as SVG, PDF, PNG and HTML. */
export async function publishFigure({ figures }: Session, figure: Figure): Promise<Bundle> {
  return figureBundle(figure, await saveFigure(figure, figures));
}

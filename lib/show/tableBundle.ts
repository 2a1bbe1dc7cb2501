/** A table for one notebook display, in every form. */
import type { Bundle } from "./bundle";
import { toHtml, toMarkdown, toText, type Table } from "./table";
import { toLatex } from "./tableLatex";

/** @throws UserError for a row without a column */
export function tableBundle(table: Table): Bundle {
  return { text: toText(table), html: toHtml(table), markdown: toMarkdown(table), latex: toLatex(table) };
}

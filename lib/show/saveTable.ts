/** Tables on disk. */
import path from "node:path";
import { writeFileAtomic } from "../base/files";
import { checkFileName } from "./markup";
import type { Provenance } from "./provenance";
import { writeTableRecord } from "./record";
import { type Table, toMarkdown } from "./table";
import { toLatex } from "./tableLatex";

/**
 * Writes `<dir>/<name>.md`, `.tex` and `.table.json`.
 * @returns the first two
 * @throws UserError for a bad name or a row without a column
 */
export function saveTable(table: Table, dir: string, run: Provenance | null = null): { md: string; tex: string } {
  const stem = path.join(dir, checkFileName(table.name, "saveTable"));
  const files = { md: `${stem}.md`, tex: `${stem}.tex` };
  const [md, tex] = [toMarkdown(table), toLatex(table)];
  writeFileAtomic(files.md, md);
  writeFileAtomic(files.tex, tex);
  writeTableRecord(dir, table, run);
  return files;
}

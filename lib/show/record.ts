/**
 * `<name>.table.json` and `<name>.figure.json` stand beside every table and figure: the table itself or the figure's
 * title, and the run it is from. Who reads results back (the appendix) reads these, never Markdown or SVG.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow, type RowSchema } from "../base/jsonl";
import { readText } from "../base/textFile";
import { provenanceSchema, type Provenance } from "./provenance";
import type { Table } from "./table";

/** JSON has no NaN: an end that is unknown is null there. */
const end = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);
const tableSchema = z
  .object({
    name: z.string(),
    caption: z.string(),
    columns: z.array(
      z
        .object({
          key: z.string(),
          label: z.string(),
          align: z.enum(["left", "right", "center"]).optional(),
          digits: z.number().optional(),
        })
        .strict(),
    ),
    rows: z.array(z.record(z.union([z.number(), z.string(), z.null(), z.object({ value: end, low: end, high: end })]))),
    run: provenanceSchema.nullable(),
  })
  .strict();
const figureSchema = z.object({ name: z.string(), title: z.string(), run: provenanceSchema.nullable() }).strict();

export type TableRecord = Table & { run: Provenance | null };
export type FigureRecord = z.output<typeof figureSchema>;

/** Written after the other files, so that what has a record is whole. */
export function writeTableRecord(dir: string, { name, caption, columns, rows }: Table, run: Provenance | null): void {
  // no column, but the record says which runs a row is from
  const keys = [...columns.map(({ key }) => key), ...(rows.some((row) => "runs" in row) ? ["runs"] : [])];
  const kept = rows.map((row) => Object.fromEntries(keys.map((key) => [key, row[key]])));
  writeRecord(path.join(dir, `${name}.table.json`), { name, caption, columns, rows: kept, run });
}

/** As `writeTableRecord`. */
export function writeFigureRecord(dir: string, record: FigureRecord): void {
  writeRecord(path.join(dir, `${record.name}.figure.json`), record);
}

function writeRecord(file: string, record: object): void {
  writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * What a figures folder holds, by name; `unrecorded` are names of tables and figures that have no record, or a record
 * without its files.
 */
export interface Artefacts {
  tables: TableRecord[];
  figures: FigureRecord[];
  unrecorded: string[];
}

/** @throws UserError for a damaged record */
export function readArtefacts(dir: string): Artefacts {
  const names = existsSync(dir) ? readdirSync(dir).sort() : [];
  const stems = (suffix: string) =>
    names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
  const read = <T>(stem: string, suffix: string, schema: RowSchema<T>) => {
    const file = path.join(dir, `${stem}${suffix}`);
    return parseRow(schema, { ...(parseJson(readText(file), file) as object), name: stem }, file);
  };
  const whole = (suffixes: readonly string[]) => (stem: string) =>
    suffixes.every((suffix) => names.includes(`${stem}${suffix}`));
  const tables = stems(".table.json").filter(whole([".tex"]));
  const figures = stems(".figure.json").filter(whole([".svg", ".pdf"]));
  const left = [...stems(".tex"), ...stems(".table.json")]
    .filter((stem) => !tables.includes(stem))
    .concat([...stems(".svg"), ...stems(".figure.json")].filter((stem) => !figures.includes(stem)));
  return {
    tables: tables.map((stem) => read(stem, ".table.json", tableSchema)),
    figures: figures.map((stem) => read(stem, ".figure.json", figureSchema)),
    unrecorded: [...new Set(left)].sort(),
  };
}

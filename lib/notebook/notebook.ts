/** Reading .ipynb files (nbformat 4). Unknown fields of a notebook are kept. */
import { z } from "zod";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import type { Content } from "../kernel/jupyterWire";

const cellSchema = z
  .object({
    cell_type: z.enum(["code", "markdown", "raw"]),
    id: z.string().optional(),
    metadata: z.record(z.unknown()).default({}),
    source: z.union([z.string(), z.array(z.string())]),
  })
  .passthrough();

const notebookSchema = z
  .object({
    nbformat: z.literal(4),
    nbformat_minor: z.number().int(),
    metadata: z.record(z.unknown()).default({}),
    cells: z.array(cellSchema),
  })
  .passthrough();

export type Notebook = z.output<typeof notebookSchema>;
export type NotebookCell = z.output<typeof cellSchema>;

/** A code cell that is run. */
export interface CodeCell {
  /** Index among all cells, from 0. */
  index: number;
  /** Number among the code cells, from 1: the `[n]` beside it. */
  number: number;
  source: string;
}

/** What a code cell left. */
export interface CellOutputs {
  executionCount: number | null;
  outputs: Content[];
}

/** @throws UserError for a missing file, bad JSON or another format */
export function readNotebook(file: string): Notebook {
  return parseRow(notebookSchema, parseJson(readText(file), file), file);
}

export function sourceOf(cell: NotebookCell): string {
  return typeof cell.source === "string" ? cell.source : cell.source.join("");
}

/** The cells to run: code cells that are not empty, numbered as they will be. */
export function codeCells(notebook: Notebook): CodeCell[] {
  return notebook.cells
    .map((cell, index) => ({ cell, index, source: sourceOf(cell) }))
    .filter(({ cell, source }) => cell.cell_type === "code" && source.trim() !== "")
    .map(({ index, source }, i) => ({ index, number: i + 1, source }));
}

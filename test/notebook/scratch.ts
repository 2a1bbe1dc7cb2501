/** Helpers of the kernel tests: notebooks made of cells, in a folder that is removed afterwards. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

/** A folder removed after the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a notebook with these code cells. @returns its path */
export function writeNotebook(folder: string, name: string, cells: readonly string[]): string {
  const file = path.join(folder, `${name}.ipynb`);
  const notebook = {
    cells: cells.map((source) => ({
      cell_type: "code",
      metadata: { execution: { "iopub.status.busy": "2026-01-01" } },
      execution_count: 7,
      outputs: [{ output_type: "stream", name: "stdout", text: "old\n" }],
      source,
    })),
    metadata: { widgets: {}, kernelspec: { name: "other", display_name: "Other" } },
    nbformat: 4,
    nbformat_minor: 4,
  };
  writeFileSync(file, JSON.stringify(notebook));
  return file;
}

export interface Output {
  output_type: string;
  name?: string;
  text?: string[];
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

export interface ExecutedCell {
  id?: string;
  execution_count: number | null;
  metadata: Record<string, unknown>;
  outputs: Output[];
}

export function readCells(file: string): ExecutedCell[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { cells: ExecutedCell[] }).cells;
}

/** What a cell printed on one stream. */
export function printed(cell: ExecutedCell | undefined, name = "stdout"): string {
  return (cell?.outputs ?? [])
    .filter((output) => output.name === name)
    .flatMap((output) => output.text ?? [])
    .join("");
}

/** The text of the value or display outputs of a cell, in order. */
export function plainTexts(cell: ExecutedCell | undefined): string[] {
  return (cell?.outputs ?? []).flatMap((output) =>
    output.data ? [(output.data["text/plain"] as string[]).join("")] : [],
  );
}

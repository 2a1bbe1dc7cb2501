/**
 * The one way a notebook is written: keys sorted and indented as nbformat does, nothing in it that changes from run
 * to run or from machine to machine (times, random ids, window state, paths of this machine).
 */
import path from "node:path";
import { projectRoot } from "../base/files";
import type { CellOutputs, Notebook, NotebookCell } from "./notebook";
import type { Content } from "../kernel/jupyterWire";

/** Cell metadata that a reader of the notebook may rely on; the rest is window state or timing. */
const KEPT_CELL_METADATA = new Set(["tags", "slideshow", "jupyter"]);

const KERNELSPEC = { display_name: "TypeScript (mask-dpo-lab)", language: "typescript", name: "mask-dpo" };

/** The text of the executed notebook. @param results by cell index; cells that did not run are left without outputs */
export function canonicalNotebook(
  notebook: Notebook,
  results: ReadonlyMap<number, CellOutputs>,
  languageInfo: Content,
): string {
  const cells = notebook.cells.map((cell, index) => canonicalCell(cell, index, results.get(index)));
  const metadata = { kernelspec: KERNELSPEC, language_info: languageInfo };
  return `${JSON.stringify(sorted({ cells, metadata, nbformat: 4, nbformat_minor: 5 }), null, 1)}\n`;
}

function canonicalCell(cell: NotebookCell, index: number, result: CellOutputs | undefined): Content {
  const source = splitLines(typeof cell.source === "string" ? cell.source : cell.source.join(""));
  const metadata = Object.fromEntries(Object.entries(cell.metadata).filter(([key]) => KEPT_CELL_METADATA.has(key)));
  const base = { cell_type: cell.cell_type, id: cell.id ?? `cell-${index}`, metadata, source };
  if (cell.cell_type !== "code") return cell.attachments ? { ...base, attachments: cell.attachments } : base;
  return {
    ...base,
    execution_count: result?.executionCount ?? null,
    outputs: (result?.outputs ?? []).map(canonicalOutput),
  };
}

function canonicalOutput(output: Content): Content {
  if (output.output_type === "stream")
    return { ...output, text: splitLines(portable(terminalText(String(output.text)))) };
  if (output.output_type === "error")
    return {
      ...output,
      evalue: portable(String(output.evalue)),
      traceback: (output.traceback as string[]).map(portable),
    };
  const data = Object.fromEntries(
    Object.entries(output.data as Content).map(([mime, value]) => [mime, canonicalData(mime, value)]),
  );
  return { ...output, data };
}

function canonicalData(mime: string, value: unknown): unknown {
  const isText = mime.startsWith("text/") || mime === "image/svg+xml";
  return isText && typeof value === "string" ? splitLines(mime === "text/plain" ? portable(value) : value) : value;
}

/** Paths below the project root, as seen from it. */
function portable(text: string): string {
  return text.split(projectRoot + path.sep).join("");
}

/** What a terminal would show: a carriage return goes back to the start of its line. */
function terminalText(text: string): string {
  if (!text.includes("\r")) return text;
  const line = (raw: string) => raw.split("\r").reduce((shown, part) => part + shown.slice(part.length), "");
  return text.replace(/\r\n/g, "\n").split("\n").map(line).join("\n");
}

/** nbformat keeps texts as lists of lines, each with its line end. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, v]) => [key, sorted(v)]),
  );
}

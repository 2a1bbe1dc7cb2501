/**
 * Tables of results: Markdown for the repository, HTML and text for a notebook; `tableLatex.ts` has them for a paper.
 * A number with an interval prints as 47.8 [46.1, 49.5].
 */
import { runsOf } from "./provenance";
import { UserError } from "../base/check";
import type { Interval } from "../base/stats";
import { escapeHtml } from "./markup";

/** `null` prints as a dash: there is no such number. */
export type Cell = number | string | Interval | null;

export interface Column {
  key: string;
  label: string;
  align?: "left" | "right" | "center";
  /** Decimals of numbers in this column; default 1, none for whole numbers. */
  digits?: number;
}

export interface Table {
  /** File name without extension. */
  name: string;
  caption: string;
  columns: readonly Column[];
  /** `runs`, in a row, names the run folders that row is from, with spaces between; it is no column */
  rows: readonly Readonly<Record<string, Cell>>[];
  /** run folders of the whole, beside those of rows */
  runs?: readonly string[];
}

/** Names of all run folders it is from. */
export function tableRuns({ runs, rows }: Pick<Table, "runs" | "rows">): string[] {
  const ofRows = rows.flatMap((row) => (typeof row.runs === "string" ? row.runs.split(" ") : []));
  return runsOf({ runs }, { runs: ofRows });
}

/** GitHub-flavoured Markdown: caption, then a pipe table. */
export function toMarkdown(table: Table): string {
  const rule = { left: ":---", right: "---:", center: ":---:" };
  const line = (cells: string[]): string => `| ${cells.join(" | ")} |`;
  return [
    `**${escapeMarkdown(table.caption)}**`,
    "",
    line(table.columns.map((c) => escapeMarkdown(c.label))),
    line(table.columns.map((c) => rule[alignOf(table, c)])),
    ...cellTexts(table, escapeMarkdown).map(line),
    "",
  ].join("\n");
}

/** An HTML table without script; readable even where styles are stripped. */
export function toHtml(table: Table): string {
  const aligns = table.columns.map((c) => alignOf(table, c));
  const row = (tag: "th" | "td", cells: string[]): string => {
    const scope = tag === "th" ? ' scope="col"' : "";
    const html = cells.map(
      (cell, i) => `<${tag}${scope} align="${aligns[i]}" style="text-align:${aligns[i]}">${cell}</${tag}>`,
    );
    return `<tr>${html.join("")}</tr>`;
  };
  return [
    "<table>",
    `<caption style="caption-side:top;text-align:left;font-weight:600">${escapeHtml(table.caption)}</caption>`,
    `<thead>${row(
      "th",
      table.columns.map((c) => escapeHtml(c.label)),
    )}</thead>`,
    "<tbody>",
    ...cellTexts(table, escapeHtml).map((cells) => row("td", cells)),
    "</tbody>",
    "</table>",
  ].join("\n");
}

/** Columns padded with spaces, for terminals and logs. */
export function toText(table: Table): string {
  const aligns = table.columns.map((c) => alignOf(table, c));
  const body = cellTexts(table, (text) => text.replace(/\s+/g, " "));
  const head = table.columns.map((c) => c.label);
  const widths = head.map((label, i) =>
    Math.max(...[label, ...body.map((cells) => cells[i]!)].map((t) => [...t].length)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => pad(cell, widths[i]!, aligns[i]!))
      .join("  ")
      .trimEnd();
  return [table.caption, line(head), widths.map((w) => "-".repeat(w)).join("  "), ...body.map(line)].join("\n");
}

/** Numbers right, text left, unless the column says otherwise. */
export function alignOf(table: Table, column: Column): "left" | "right" | "center" {
  return column.align ?? (table.rows.some((row) => typeof row[column.key] === "string") ? "left" : "right");
}

/** @param escape of each text @returns [rows][columns] @throws UserError for a row without a column */
export function cellTexts(table: Table, escape: (text: string) => string): string[][] {
  return table.rows.map((row, r) => table.columns.map((column) => escape(cellText(table, row[column.key], column, r))));
}

function cellText(table: Table, cell: Cell | undefined, column: Column, row: number): string {
  if (cell === undefined) {
    throw new UserError({
      where: `table ${table.name}, row ${row + 1}`,
      expected: `a value for "${column.key}"`,
      got: "none",
      fix: "Give the value, or null for a dash.",
    });
  }
  if (cell === null) return "–";
  if (typeof cell === "string") return cell;
  if (typeof cell === "number") return numberText(cell, column.digits ?? (Number.isInteger(cell) ? 0 : 1));
  const digits = column.digits ?? 1;
  const ends = [cell.low, cell.high];
  // one topic has no interval
  const interval = ends.every(Number.isFinite) ? ends.map((end) => numberText(end, digits)).join(", ") : "–";
  return `${numberText(cell.value, digits)} [${interval}]`;
}

/** Fixed decimals; never "-0.0". */
function numberText(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

function pad(text: string, width: number, align: "left" | "right" | "center"): string {
  const gap = width - [...text].length;
  const left = { left: 0, center: Math.floor(gap / 2), right: gap }[align];
  return " ".repeat(left) + text + " ".repeat(gap - left);
}

/** Brackets stay: our intervals are not links. A bracket before a parenthesis would be one. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_|~]/g, "\\$&")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/\](?=\(|\[|:)/g, "\\]");
}

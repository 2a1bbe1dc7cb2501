/**
 * A table as LaTeX for a paper: floating, with texts that wrap instead of shrinking the whole; one longer than a page
 * breaks at its end and repeats its head.
 */
import { sum } from "../base/collections";
import { escapeLatex } from "./latex";
import { alignOf, cellTexts, type Column, type Table } from "./table";

const packages = "% needs \\usepackage{array,booktabs,longtable}";

/** Rows that fit one page under a caption. */
const pageRows = 40;
/** Characters of a line of text, and what lies between two columns. */
const line = { normal: 84, small: 96, gap: 2 };
/** Columns of texts up to this do not wrap. */
const shortText = 16;
/** Part of the line that a column which wraps takes at least; the whole may be wider than the line then. */
const narrowest = 0.15;

/** Whether it breaks over pages, and so does not float. */
export function isLongTable({ rows }: Pick<Table, "rows">): boolean {
  return rows.length > pageRows;
}

/** ASCII only. @throws UserError for a row without a column */
export function toLatex(table: Table): string {
  const row = (cells: string[]): string => `    ${cells.join(" & ")} \\\\`;
  const head = row(table.columns.map(({ label }) => escapeLatex(label)));
  const body = cellTexts(table, escapeLatex).map((cells) => row(cells.map(bracketSafe)));
  const { spec, isWide } = layoutOf(table);
  const [caption, label] = [`\\caption{${escapeLatex(table.caption)}}`, `\\label{tab:${table.name}}`];
  const size = isWide ? ["  \\small"] : [];
  const lines = isLongTable(table)
    ? [
        "\\begingroup",
        ...size,
        `  \\begin{longtable}{@{}${spec}@{}}`,
        `    ${caption}${label}\\\\`,
        "    \\toprule",
        head,
        "    \\midrule",
        "    \\endfirsthead",
        "    \\toprule",
        head,
        "    \\midrule",
        "    \\endhead",
        "    \\bottomrule",
        "    \\endfoot",
        ...body,
        "  \\end{longtable}",
        "\\endgroup",
      ]
    : [
        "\\begin{table}[t]",
        "  \\centering",
        ...size,
        `  ${caption}`,
        `  ${label}`,
        `  \\begin{tabular}{@{}${spec}@{}}`,
        "    \\toprule",
        head,
        "    \\midrule",
        ...body,
        "    \\bottomrule",
        "  \\end{tabular}",
        "\\end{table}",
      ];
  return [packages, ...lines, ""].join("\n");
}

/** Where a line is too short for all columns, those of texts share what the others leave. */
function layoutOf(table: Table): { spec: string; isWide: boolean } {
  const cells = cellTexts(table, (text) => text);
  const widths = table.columns.map(({ label }, c) => Math.max(label.length, ...cells.map((row) => row[c]!.length)));
  const gaps = line.gap * (table.columns.length - 1);
  const isWide = sum(widths) + gaps > line.normal;
  const wraps = table.columns.map((column, c) => isWide && isText(table, column) && widths[c]! > shortText);
  const fixed = sum(widths.filter((_, c) => !wraps[c]));
  // a long text takes no more than its root of the others' places
  const wants = widths.map((width, c) => (wraps[c] ? Math.sqrt(width) : 0));
  const left = 1 - (fixed + gaps) / line.small;
  const spec = table.columns.map((column, c) => {
    const share = Math.max(narrowest, (left * wants[c]!) / sum(wants)).toFixed(2);
    return wraps[c] ? `>{\\raggedright\\arraybackslash}p{${share}\\linewidth}` : alignOf(table, column)[0]!;
  });
  return { spec: spec.join(""), isWide };
}

function isText({ rows }: Table, { key }: Column): boolean {
  return rows.some((row) => typeof row[key] === "string");
}

/** A row that starts with "[" would be read as the optional argument of the row break before it. */
function bracketSafe(cell: string): string {
  return cell.startsWith("[") || cell.startsWith("*") ? `{}${cell}` : cell;
}

/**
 * danfojs data frames for looking at rows in a notebook: `toFrame`, then describe, query, sort; `summarise`
 * for groups; `frameBundle` to show. danfojs accepts bad input silently, so it is checked here: ragged rows
 * shift, a column's type is guessed from its first rows, texts like "007" become numbers, a mean over a
 * missing value is NaN, several group keys are glued together, the deviation of one value is 0.
 * Numbers that go into a result are computed on plain arrays elsewhere.
 */
import { createRequire } from "node:module";
import type * as Danfo from "danfojs-node";
import { UserError, brief } from "../base/check";
import type { Bundle } from "./bundle";
import type { Cell, Table } from "./table";
import { tableBundle } from "./tableBundle";

/** One row; every row has the same keys. `null` is "no value". */
export type FrameRow = Readonly<Record<string, number | string | boolean | null>>;

type ColumnType = "int32" | "float32" | "string" | "boolean";

/**
 * A data frame with the columns of the first row, in its order.
 * @throws UserError for no rows, a row with other keys, a column of mixed types, NaN, a column name danfojs cannot hold
 */
export function toFrame(rows: readonly FrameRow[]): Danfo.DataFrame {
  if (rows.length === 0)
    throw new UserError({
      where: "toFrame",
      expected: "at least one row",
      got: "none",
      fix: "Check the step that made the rows.",
    });
  const columns = Object.keys(rows[0]!);
  rows.forEach((row, i) => checkKeys(row, columns, i));
  const dtypes = columns.map((column) => columnType(rows, column));
  const { DataFrame: Frame } = danfo();
  const reserved = columns.find((column) => column in Frame.prototype);
  if (reserved !== undefined)
    throw new UserError({
      where: "toFrame",
      expected: "column names other than the methods of a data frame",
      got: `"${reserved}"`,
      fix: "Rename that column.",
    });
  return new Frame(
    rows.map((row) => columns.map((column) => row[column])),
    { columns, dtypes },
  );
}

/**
 * Mean, standard deviation and count of the columns `of` per group. Groups are told apart by all keys and stay in order
 * of appearance.
 */
export function summarise(rows: readonly FrameRow[], by: readonly string[], of: readonly string[]): Danfo.DataFrame {
  for (const column of of) {
    if (rows.some((row) => typeof row[column] !== "number"))
      throw new UserError({
        where: "summarise",
        expected: `a number in every row of "${column}"`,
        got: brief(rows.find((row) => typeof row[column] !== "number")?.[column] ?? null),
        fix: "Leave out rows without a value first.",
      });
  }
  const keys = new Map<string, FrameRow>();
  const keyed = rows.map((row) => {
    const group = Object.fromEntries(by.map((column) => [column, row[column] ?? null]));
    const key = JSON.stringify(by.map((column) => row[column] ?? null)); // one text per group: no two groups share it
    keys.set(key, keys.get(key) ?? group);
    return { key, ...Object.fromEntries(of.map((column) => [column, row[column]!])) };
  });
  const grouped = toFrame(keyed)
    .groupby(["key"])
    .agg(Object.fromEntries(of.map((column) => [column, ["mean", "std", "count"]])));
  const found = new Map(frameRows(grouped).map((row) => [row.key as string, row]));
  return toFrame([...keys].map(([key, group]) => ({ ...group, ...statistics(found.get(key)!, of) })));
}

/** A frame's rows as objects again. */
export function frameRows(frame: Danfo.DataFrame): FrameRow[] {
  return (frame.values as FrameRow[string][][]).map((values) =>
    Object.fromEntries(frame.columns.map((column, i) => [column, values[i] ?? null])),
  );
}

/** For one notebook display: the first rows as a table. @param digits decimals of numbers that are not whole */
export function frameBundle(
  frame: Danfo.DataFrame,
  caption: string,
  { maxRows = 20, digits = 3 }: { maxRows?: number; digits?: number } = {},
): Bundle {
  const rows = frameRows(frame);
  const more = rows.length > maxRows ? ` (first ${maxRows} of ${rows.length} rows)` : "";
  const table: Table = {
    name: "frame",
    caption: `${caption}${more}`,
    columns: frame.columns.map((column) => ({
      key: column,
      label: column,
      ...(rows.every((row) => typeof row[column] !== "number" || Number.isInteger(row[column])) ? {} : { digits }),
    })),
    rows: rows
      .slice(0, maxRows)
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]): [string, Cell] => [
            column,
            typeof value === "boolean" ? String(value) : value,
          ]),
        ),
      ),
  };
  const { text, html } = tableBundle(table);
  return { text, html };
}

function checkKeys(row: FrameRow, columns: readonly string[], index: number): void {
  const missing = columns.filter((column) => row[column] === undefined);
  const extra = Object.keys(row).filter((column) => !columns.includes(column));
  if (missing.length + extra.length === 0) return;
  const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
  throw new UserError({
    where: `toFrame, row ${index + 1}`,
    expected: `the columns of the first row (${list(columns)})`,
    got: [missing.length ? `no ${list(missing)}` : "", extra.length ? `also ${list(extra)}` : ""]
      .filter(Boolean)
      .join(", "),
    fix: "Give every row the same keys; null where there is no value.",
  });
}

function columnType(rows: readonly FrameRow[], column: string): ColumnType {
  const values = rows.map((row) => row[column]).filter((value) => value !== null);
  const kinds = [...new Set(values.map((value) => typeof value))];
  const bad = values.find((value) => typeof value === "number" && !Number.isFinite(value));
  if (kinds.length > 1 || bad !== undefined || (kinds[0] && !["number", "string", "boolean"].includes(kinds[0]))) {
    throw new UserError({
      where: `toFrame, column "${column}"`,
      expected: "finite numbers, texts or booleans throughout",
      got: bad !== undefined ? String(bad) : kinds.join(" and "),
      fix: "Use null for a missing value, and one type per column.",
    });
  }
  if (kinds[0] === "string" || kinds[0] === undefined) return "string";
  if (kinds[0] === "boolean") return "boolean";
  return values.every((value) => Number.isInteger(value)) ? "int32" : "float32";
}

/** danfojs gives a single value the deviation 0; it has none. */
function statistics(row: FrameRow, of: readonly string[]): Record<string, number | null> {
  return Object.fromEntries(
    of.flatMap((column) => [
      [`${column} mean`, row[`${column}_mean`] as number],
      [`${column} std`, row[`${column}_count`] === 1 ? null : (row[`${column}_std`] as number)],
      [`${column} n`, row[`${column}_count`] as number],
    ]),
  );
}

/** Loaded at the first use: it takes about two seconds. */
function danfo(): typeof Danfo {
  return createRequire(__filename)("danfojs-node") as typeof Danfo;
}

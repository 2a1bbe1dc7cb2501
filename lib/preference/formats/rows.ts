/**
 * Rows of the files that other projects write: JSON Lines, one JSON array (.json), or Parquet. Each with where it
 * stands.
 */
import { z } from "zod";
import { parseJson, readNumberedJsonl } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { readParquet } from "./parquet";

/** A value and its place, `file:row`; in JSON Lines the row is the line. */
export interface Row {
  where: string;
  value: unknown;
}

/**
 * All rows, by the ending of the file's name.
 * @throws UserError with file:line for what is not JSON, or for a damaged file
 */
export async function readRows(file: string): Promise<Row[]> {
  if (file.endsWith(".parquet")) return numbered(file, await readParquet(file));
  if (file.endsWith(".json")) {
    const text = readText(file);
    if (text.trimStart().startsWith("[")) return numbered(file, parseJson(text, file) as unknown[]);
  }
  return readNumberedJsonl(file, z.unknown()).map(({ row, line }) => ({ where: `${file}:${line}`, value: row }));
}

function numbered(file: string, values: readonly unknown[]): Row[] {
  return values.map((value, i) => ({ where: `${file}:${i + 1}`, value }));
}

/**
 * Rows of the files that other projects write: JSON Lines, one JSON array (.json), or Parquet. Each with where it
 * stands.
 */
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseJson, readNumberedJsonl, readText } from "../../base/jsonl";

/** A value and its place, `file:row`; in JSON Lines the row is the line. */
export interface Row {
  where: string;
  value: unknown;
}

/** What is used of the package hyparquet (https://github.com/hyparam/hyparquet). */
interface ParquetReader {
  asyncBufferFromFile(file: string): Promise<unknown>;
  parquetReadObjects(options: { file: unknown }): Promise<unknown[]>;
}
const parquetPackage = "hyparquet";

/**
 * All rows, by the ending of the file's name.
 * @throws UserError with file:line for what is not JSON, or for Parquet without its package
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

async function readParquet(file: string): Promise<unknown[]> {
  let reader: ParquetReader;
  try {
    reader = (await import(parquetPackage)) as ParquetReader; // by name: it need not be installed
  } catch {
    throw new UserError({
      where: file,
      expected: `the npm package ${parquetPackage}, which reads Parquet`,
      got: "none installed",
      fix: `Install it (npm install ${parquetPackage}), or save the rows as JSON Lines (Dataset.to_json in Python).`,
    });
  }
  try {
    return await reader.parquetReadObjects({ file: await reader.asyncBufferFromFile(file) });
  } catch (error) {
    throw new UserError({
      where: file,
      expected: "a readable Parquet file",
      got: brief((error as Error).message),
      fix: "Check the path, or save the rows as JSON Lines.",
    });
  }
}

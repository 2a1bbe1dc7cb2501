/**
 * JSON Lines with a schema: every row is checked, and an error names file and line.
 * A file is either written whole (`writeJsonl`, atomic) or grown row by row (`JsonlLog`) by a long
 * computation that resumes from the rows already there.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { parseJson, parseRow, UserError, type RowSchema } from "./check";
import { isStream, writeFileAtomic } from "./files";
import { takeLock, type Lock } from "./lock";
import { linesOf, type Line } from "./textFile";

export { parseJson, parseRow, type RowSchema };

/** Reads all rows. @throws UserError with file:line for bad JSON, a bad row or a missing file */
export function readJsonl<T>(file: string, schema: RowSchema<T>): T[] {
  return readNumberedJsonl(file, schema).map(({ row }) => row);
}

export interface NumberedRow<T> {
  row: T;
  /** From 1. */
  line: number;
}

/** The same, each row with its line number, for checks across rows. */
export function readNumberedJsonl<T>(file: string, schema: RowSchema<T>): NumberedRow<T>[] {
  const rows: NumberedRow<T>[] = [];
  for (const line of linesOf(file))
    if (line.text.trim() !== "") rows.push({ row: rowOf(schema, line, file), line: line.number });
  return rows;
}

/** The rows of a file that another process may be writing: a last line that is not finished is left out. */
export function readFinishedRows<T>(file: string, schema: RowSchema<T>): T[] {
  const rows: T[] = [];
  for (const line of linesOf(file)) if (line.ended && line.text) rows.push(rowOf(schema, line, file));
  return rows;
}

function rowOf<T>(schema: RowSchema<T>, { text, number }: Line, file: string): T {
  const where = `${file}:${number}`;
  return parseRow(schema, parseJson(text, where), where);
}

/** Writes all rows at once, atomically. */
export function writeJsonl(file: string, rows: readonly unknown[]): void {
  writeFileAtomic(file, jsonLines(rows));
}

/** Rows as the text of such a file. */
export function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/**
 * An append-only file of rows, which one process at a time writes. A last line cut short by a crash is dropped on
 * opening; every complete row is kept. Into a device or a pipe rows are only written.
 */
export class JsonlLog<T> {
  /** Rows found on opening, then those appended. */
  readonly rows: T[] = [];
  private readonly lock: Lock | undefined;
  private readonly fd: number;
  /** Where the next row goes; none in a stream. */
  private size: number | undefined;

  /** @throws UserError for a bad row, or when another process has the file open */
  constructor(
    readonly file: string,
    schema: RowSchema<T>,
  ) {
    if (isStream(file)) {
      this.fd = openSync(file, "w");
      return;
    }
    this.lock = takeLock(file);
    try {
      this.size = 0;
      if (existsSync(file))
        for (const line of linesOf(file)) {
          if (!line.ended) break;
          this.size = line.end;
          if (line.text) this.rows.push(rowOf(schema, line, file));
        }
      this.fd = openSync(file, existsSync(file) ? "r+" : "w");
      if (fstatSync(this.fd).size > this.size) ftruncateSync(this.fd, this.size);
    } catch (error) {
      this.lock.release();
      throw error;
    }
  }

  /** @throws UserError where another process has taken the file over */
  append(rows: readonly T[]): void {
    this.lock?.check();
    const bytes = Buffer.from(jsonLines(rows));
    try {
      for (let done = 0; done < bytes.length;) {
        const at = this.size === undefined ? null : this.size + done;
        done += writeSync(this.fd, bytes, done, bytes.length - done, at);
      }
      if (this.size !== undefined) fsyncSync(this.fd);
    } catch (error) {
      if (this.size !== undefined) ftruncateSync(this.fd, this.size); // none of these rows rather than some
      throw error;
    }
    if (this.size !== undefined) this.size += bytes.length;
    this.rows.push(...rows);
  }

  close(): void {
    closeSync(this.fd);
    this.lock?.release();
  }
}

/** @throws UserError where a file has no rows */
export function required<T>(rows: T[], file: string, what: string): T[] {
  if (rows.length === 0)
    throw new UserError({
      where: file,
      expected: `at least one ${what}`,
      got: "an empty file",
      fix: "Check the step that wrote it.",
    });
  return rows;
}

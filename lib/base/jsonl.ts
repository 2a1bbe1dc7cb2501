/**
 * JSON Lines with a schema: every row is checked, and an error names file and line.
 * A file is either written whole (`writeJsonl`, atomic) or grown row by row (`JsonlLog`) by a long
 * computation that resumes from the rows already there.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import type { z } from "zod";
import { UserError, brief } from "./check";
import { writeFileAtomic } from "./files";
import { readLines } from "./textFile";

/** A schema whose values are T, whatever it reads them from. */
export type RowSchema<T> = z.ZodType<T, z.ZodTypeDef, unknown>;

/** Parses one value; the error names where, which key, and what was there. */
export function parseRow<T>(schema: RowSchema<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join(".");
  const seen = issue.path.reduce<unknown>((v, k) => (v as Record<string | number, unknown> | undefined)?.[k], value);
  throw new UserError({
    where,
    expected: key ? `a valid "${key}" (${issue.message})` : `a valid row (${issue.message})`,
    got:
      issue.code === "unrecognized_keys" ? `unknown keys ${issue.keys.map((k) => `"${k}"`).join(", ")}` : brief(seen),
    fix: "Correct that line, or see the README for the row format.",
  });
}

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
  return Array.from(readLines(file), ({ text, line }) => ({
    row: parseRow(schema, parseJson(text, `${file}:${line}`), `${file}:${line}`),
    line,
  }));
}

/** Writes all rows at once, atomically. */
export function writeJsonl(file: string, rows: readonly unknown[]): void {
  writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** An append-only file of rows. A last line cut short by a crash is dropped on opening; every complete row is kept. */
export class JsonlLog<T> {
  /** Rows found on opening, then those appended. */
  readonly rows: T[] = [];
  private readonly fd: number;
  private size: number;

  constructor(
    readonly file: string,
    schema: RowSchema<T>,
  ) {
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
    const whole = bytes.lastIndexOf(10) + 1;
    bytes
      .subarray(0, whole)
      .toString("utf8")
      .split("\n")
      .forEach((text, i) => {
        if (text) this.rows.push(parseRow(schema, parseJson(text, `${file}:${i + 1}`), `${file}:${i + 1}`));
      });
    this.fd = openSync(file, existsSync(file) ? "r+" : "w");
    ftruncateSync(this.fd, whole);
    this.size = whole;
  }

  append(rows: readonly T[]): void {
    const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.fd, bytes, done, bytes.length - done, this.size + done);
      fsyncSync(this.fd);
    } catch (error) {
      ftruncateSync(this.fd, this.size); // none of these rows rather than some
      throw error;
    }
    this.size += bytes.length;
    this.rows.push(...rows);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** `JSON.parse` whose error says where. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError({
      where,
      expected: "one JSON value",
      got: `${brief(text, 60)} (${(error as Error).message})`,
      fix: "Correct or remove that line.",
    });
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

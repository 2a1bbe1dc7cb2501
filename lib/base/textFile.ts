/** Text of files that a user named: UTF-8, with or without a byte order mark, of any length, line by line. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { UserError } from "./check";

/** A longer line is no row of anything, and near what a string can hold. */
const mostLineBytes = 1 << 28;
/** Well below what a string can hold. */
const mostTextBytes = 1 << 29;
const pieceBytes = 1 << 20;

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** Bytes of the file up to the end of the line. */
  end: number;
  /** Whether a newline ends it: the last line of a file may have none. */
  ended: boolean;
}

/** The text of a file. @throws UserError when it cannot be read, is not UTF-8, or too long */
export function readText(file: string): string {
  return reading(file, (fd) => {
    const { size } = fstatSync(fd);
    if (size > mostTextBytes) throw tooLong(file, size);
    return decode(readFileSync(fd), file);
  });
}

/** The lines of a file, without their ends. @throws UserError as `readText`; for a line, naming it */
export function* linesOf(file: string): Generator<Line> {
  const fd = reading(file, (open) => open, true);
  try {
    const piece = Buffer.alloc(pieceBytes);
    let begun: Buffer[] = []; // a line that began in earlier pieces
    let length = 0;
    let number = 0;
    let end = 0;
    const line = (rest: Buffer, ended: boolean): Line => {
      const bytes = begun.length > 0 ? Buffer.concat([...begun, rest]) : rest;
      begun = [];
      length = 0;
      number += 1;
      end += bytes.length + Number(ended);
      return { text: decode(bytes, `${file}:${number}`), number, end, ended };
    };
    for (let count: number; (count = readPiece(fd, piece, file)) > 0;) {
      let start = 0;
      for (let at; (at = piece.subarray(0, count).indexOf(10, start)) >= 0; start = at + 1)
        yield line(piece.subarray(start, at), true);
      if (start === count) continue;
      begun.push(Buffer.from(piece.subarray(start, count)));
      length += count - start;
      if (length > mostLineBytes) throw tooLong(`${file}:${number + 1}`, length);
    }
    if (begun.length > 0) yield line(Buffer.alloc(0), false);
  } finally {
    closeSync(fd);
  }
}

/** @param keep leave the file open */
function reading<T>(file: string, work: (fd: number) => T, keep = false): T {
  let fd: number | undefined;
  try {
    checkReadable(file);
    fd = openSync(file, "r");
    return work(fd);
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(file, error as NodeJS.ErrnoException);
  } finally {
    if (fd !== undefined && !keep) closeSync(fd);
  }
}

function readPiece(fd: number, piece: Buffer, file: string): number {
  try {
    return readSync(fd, piece, 0, piece.length, null);
  } catch (error) {
    throw unreadable(file, error as NodeJS.ErrnoException);
  }
}

/** A device never ends, and a named pipe waits for a writer who may never come; what a shell hands over does not. */
export function checkReadable(file: string): void {
  const stat = statSync(file);
  const given = /^\/(dev|proc)\//.test(path.resolve(file)) && (stat.isFIFO() || stat.isSocket());
  if (stat.isFile() || stat.isDirectory() || given) return;
  throw new UserError({
    where: file,
    expected: "a regular file",
    got: stat.isFIFO() ? "a named pipe" : stat.isSocket() ? "a socket" : "a device",
    fix: "Copy it into a file.",
  });
}

function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UserError({
      where,
      expected: "text in UTF-8",
      got: "bytes that are none",
      fix: "Write it as UTF-8, or check that it is the right file.",
    });
  }
}

function unreadable(where: string, { code, message }: NodeJS.ErrnoException): UserError {
  return new UserError({ where, expected: "a readable file", got: code ?? message, fix: "Check the path." });
}

function tooLong(where: string, bytes: number): UserError {
  return new UserError({
    where,
    expected: "text of a few hundred megabytes at most",
    got: `${(bytes / 1e6).toFixed(0)} MB or more`,
    fix: "Check that it is the right file, or divide it.",
  });
}

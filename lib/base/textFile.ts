/**
 * Text files as users have them: UTF-8, with or without the byte order mark that Windows programs put in front. What is
 * not UTF-8 is refused with its place: read with U+FFFD for what is broken, it would be another text.
 */
import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { UserError } from "./check";

const mark = Buffer.from([0xef, 0xbb, 0xbf]);
const mostTextBytes = 1 << 28;
/** One row is a chat or a document; none is near that size. */
const mostLineBytes = 1 << 26;
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

/**
 * Opens a file; the caller closes it. A device never does; a pipe only where it may be waited for.
 * @throws UserError for what cannot be read
 */
export function openToRead(file: string, { what = "a readable file", pipes = false } = {}): number {
  const unreadable = (got: string, fix = "Check the path.") => new UserError({ where: file, expected: what, got, fix });
  try {
    // a pipe without a writer is opened at once, and refused
    const fd = openSync(file, pipes ? constants.O_RDONLY : constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(fd);
    if (stats.isFile() || (pipes && stats.isFIFO())) return fd;
    closeSync(fd);
    if (stats.isDirectory()) throw unreadable("a folder", "Name a file in it.");
    throw unreadable(stats.isFIFO() ? "a pipe" : "a device");
  } catch (error) {
    throw error instanceof UserError ? error : unreadable((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

/**
 * The text of a file a user named, without a byte order mark.
 * @throws UserError when it cannot be read, is no file, is too large, or is not UTF-8
 */
export function readText(file: string): string {
  const fd = openToRead(file);
  try {
    const { size } = fstatSync(fd);
    if (size > mostTextBytes) throw tooLarge(file, mostTextBytes, size, "Give a smaller file, rows as JSON Lines.");
    const bytes = Buffer.alloc(size);
    let length = 0;
    for (let n: number; (n = readSync(fd, bytes, length, size - length, length)) > 0;) length += n;
    return textOf(bytes.subarray(0, length), file);
  } finally {
    closeSync(fd);
  }
}

/**
 * The lines of a file, without their ends. Read piece by piece: it may be larger than a string can be.
 * @throws UserError as `readText`, with the line
 */
export function* linesOf(file: string): Generator<Line> {
  const fd = openToRead(file, { pipes: true });
  try {
    const piece = Buffer.alloc(pieceBytes);
    let begun: Buffer[] = []; // a line that began in earlier pieces
    let begunBytes = 0;
    let number = 0;
    let end = 0;
    const line = (rest: Buffer, ended: boolean): Line => {
      const bytes = begun.length > 0 ? Buffer.concat([...begun, rest]) : rest;
      begun = [];
      begunBytes = 0;
      number += 1;
      end += bytes.length + Number(ended);
      return { text: number === 1 ? textOf(bytes, file) : utf8(bytes, `${file}:${number}`), number, end, ended };
    };
    for (let count: number; (count = readSync(fd, piece, 0, piece.length, null)) > 0;) {
      let from = 0;
      for (let at: number; (at = piece.subarray(0, count).indexOf(10, from)) >= 0; from = at + 1)
        yield line(piece.subarray(from, at), true);
      if (from === count) continue;
      begun.push(Buffer.from(piece.subarray(from, count)));
      begunBytes += count - from;
      if (begunBytes > mostLineBytes)
        throw tooLarge(`${file}:${number + 1}`, mostLineBytes, begunBytes, "Write one row a line.");
    }
    if (begun.length > 0) yield line(Buffer.alloc(0), false);
  } finally {
    closeSync(fd);
  }
}

/** The beginning of a file, or all of it, as text. @param where for the message @throws UserError for no UTF-8 */
function textOf(bytes: Buffer, where: string): string {
  const utf16 = /^(\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/.test(bytes.toString("latin1", 0, 4));
  if (utf16) throw encoded(where, "UTF-16");
  return utf8(bytes.subarray(0, 3).equals(mark) ? bytes.subarray(3) : bytes, where);
}

function utf8(bytes: Buffer, where: string): string {
  const text = bytes.toString("utf8");
  if (isUtf8(bytes)) return text;
  const replaced = Buffer.from(text);
  let good = 0;
  while (replaced[good] === bytes[good]) good++;
  const before = JSON.stringify(bytes.toString("utf8", Math.max(0, good - 30), good));
  throw encoded(where, `bytes that are not UTF-8 after ${before}`);
}

function encoded(where: string, got: string): UserError {
  return new UserError({ where, expected: "text in UTF-8", got, fix: "Save the file in UTF-8." });
}

function tooLarge(where: string, most: number, got: number, fix: string): UserError {
  return new UserError({ where, expected: `at most ${most} bytes`, got: `${got}`, fix });
}

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
  line: number;
}

/**
 * Opens a file; the caller closes it. A device never does; a pipe only where it may be waited for.
 * @throws UserError for what cannot be read
 */
export function openToRead(file: string, { what = "a readable file", pipes = false } = {}): number {
  const unreadable = (got: string) => new UserError({ where: file, expected: what, got, fix: "Check the path." });
  try {
    // a pipe without a writer is opened at once, and refused
    const fd = openSync(file, pipes ? constants.O_RDONLY : constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(fd);
    if (stats.isFile() || (pipes && stats.isFIFO())) return fd;
    closeSync(fd);
    throw unreadable(stats.isDirectory() ? "EISDIR" : stats.isFIFO() ? "a pipe" : "a device");
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
 * The lines of a file that are not blank. Read piece by piece: it may be larger than a string can be.
 * @throws UserError as `readText`, with the line
 */
export function* readLines(file: string): Generator<Line> {
  const fd = openToRead(file, { pipes: true });
  try {
    let waiting: Buffer[] = []; // the beginning of a line that has not ended
    let waitingBytes = 0;
    let line = 0;
    const piece = Buffer.alloc(pieceBytes);
    for (let n: number; (n = readSync(fd, piece, 0, piece.length, null)) > 0;) {
      let from = 0;
      for (let end: number; (end = piece.subarray(0, n).indexOf(10, from)) >= 0; from = end + 1) {
        yield* lineOf([...waiting, piece.subarray(from, end)], ++line, file);
        waiting = [];
        waitingBytes = 0;
      }
      waiting.push(Buffer.from(piece.subarray(from, n)));
      waitingBytes += n - from;
      if (waitingBytes > mostLineBytes)
        throw tooLarge(`${file}:${line + 1}`, mostLineBytes, waitingBytes, "Write one row a line.");
    }
    yield* lineOf(waiting, line + 1, file);
  } finally {
    closeSync(fd);
  }
}

function* lineOf(pieces: readonly Buffer[], line: number, file: string): Generator<Line> {
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const text = line === 1 ? textOf(bytes, file) : utf8(bytes, `${file}:${line}`);
  if (text.trim() !== "") yield { text, line };
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

/**
 * What is in a safetensors file, by its header: an 8-byte little-endian length, then JSON. Every length and offset is
 * checked before anything is allocated for it.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { parseJson, parseRow } from "../base/jsonl";

/** Where a tensor lies. */
export interface Entry {
  file: string;
  dtype: string;
  shape: number[];
  /** Byte offset in the file. */
  start: number;
  bytes: number;
}

const maxHeaderBytes = 100_000_000; // the reference implementation's limit
export const bytesPerElement: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};
const size = z.number().int().nonnegative().safe();
const entrySchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string());
export const damaged = "The file is damaged or was cut short; copy or download it again.";

/** @throws UserError for a file whose header does not say what is in it */
export function readHeader(file: string): { entries: Map<string, Entry>; metadata: Record<string, string> } {
  return withFile(file, (fd, fileSize) => {
    if (fileSize < 8) throw broken(file, "at least 8 bytes", `${fileSize}`);
    const headerSize = readBytes(fd, file, 0, 8).readBigUInt64LE();
    if (headerSize > BigInt(Math.min(maxHeaderBytes, fileSize - 8)))
      throw broken(file, `a header that fits the file of ${fileSize} bytes`, `header length ${headerSize}`);
    const dataStart = 8 + Number(headerSize);
    const value = parseJson(readBytes(fd, file, 8, Number(headerSize)).toString("utf8"), `${file}, header`);
    if (value === null || typeof value !== "object" || Array.isArray(value))
      throw broken(file, "a JSON object as header", brief(value));
    const { __metadata__, ...tensors } = value as Record<string, unknown>;
    const entries = new Map(
      Object.entries(tensors).map(([name, entry]) => [name, checkEntry(file, name, entry, dataStart)]),
    );
    checkLayout(file, entries, dataStart, fileSize);
    return {
      entries,
      metadata: __metadata__ === undefined ? {} : parseRow(metadataSchema, __metadata__, `${file}, __metadata__`),
    };
  });
}

function checkEntry(file: string, name: string, value: unknown, dataStart: number): Entry {
  const {
    dtype,
    shape,
    data_offsets: [begin, end],
  } = parseRow(entrySchema, value, `${file}, tensor ${brief(name)}`);
  const width = bytesPerElement[dtype];
  if (width === undefined) throw broken(file, `a known dtype for ${brief(name)}`, brief(dtype));
  const bytes = shape.reduce((a, b) => a * b, width);
  if (end - begin !== bytes)
    throw broken(
      file,
      `${bytes} bytes for ${brief(name)} (${dtype} [${shape.join(", ")}])`,
      `offsets ${begin} to ${end}`,
    );
  return { file, dtype, shape, start: dataStart + begin, bytes };
}

/** The tensors must tile the rest of the file: no overlap, no hole, nothing missing at the end. */
function checkLayout(file: string, entries: ReadonlyMap<string, Entry>, dataStart: number, fileSize: number): void {
  let end = dataStart;
  for (const [name, entry] of [...entries].sort(([, a], [, b]) => a.start - b.start || a.bytes - b.bytes)) {
    if (entry.start !== end)
      throw broken(
        file,
        `tensor ${brief(name)} to start at byte ${end}, where the one before it ends`,
        `${entry.start}${entry.start < end ? " (they overlap)" : ""}`,
      );
    end += entry.bytes;
  }
  if (end !== fileSize)
    throw broken(
      file,
      `${end} bytes, as the header says`,
      `${fileSize}${fileSize < end ? " (the file is truncated)" : ""}`,
    );
}

function readBytes(fd: number, file: string, position: number, length: number): Buffer {
  const out = Buffer.alloc(length);
  fill(fd, file, position, out);
  return out;
}

/** Reads exactly as many bytes as `out` has. */
export function fill(fd: number, file: string, position: number, out: Uint8Array): void {
  for (let done = 0; done < out.length;) {
    const n = readSync(fd, out, done, Math.min(out.length - done, 1 << 30), position + done);
    if (n === 0) throw broken(file, `${out.length} bytes from byte ${position}`, `${done}`);
    done += n;
  }
}

/** Opens a file for a while. @param kind for the message @throws UserError for one that cannot be read */
export function withFile<T>(file: string, use: (fd: number, size: number) => T, kind = "safetensors"): T {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    throw new UserError({
      where: file,
      expected: `a readable ${kind} file`,
      got: (error as NodeJS.ErrnoException).code ?? String(error),
      fix: "Check the path.",
    });
  }
  try {
    return use(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function broken(file: string, expected: string, got: string): UserError {
  return new UserError({ where: file, expected, got, fix: damaged });
}

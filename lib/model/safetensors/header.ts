/**
 * What is in a safetensors file, by its header: an 8-byte little-endian length, then JSON. Every length and offset is
 * checked before anything is allocated for it.
 */
import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, readSync } from "node:fs";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { parseJson, parseRow } from "../../base/jsonl";
import { openToRead } from "../../base/textFile";

/** Where a tensor lies. */
export interface Entry {
  file: string;
  dtype: string;
  shape: number[];
  /** Byte offset in the file. */
  start: number;
  bytes: number;
}

/** 300,000 tensors; the reference implementation's limit is three times that. */
const maxHeaderBytes = 1 << 25;
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
    const header = readBytes(fd, file, 8, Number(headerSize));
    checkKeys(header, file);
    const value = parseJson(header.toString("utf8"), `${file}, header`);
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

/**
 * What JSON.parse would pass over: a name that stands twice, of which it takes the last, and depth that no header has,
 * for which it takes a multiple of its memory.
 * @throws UserError for them, and for a header that is not UTF-8
 */
function checkKeys(header: Buffer, file: string): void {
  if (!isUtf8(header)) throw broken(file, "a header in UTF-8", "other bytes");
  const keys = new Set<string>();
  let depth = 0;
  for (let i = 0; i < header.length; i++) {
    const byte = header[i]!;
    if (byte === 0x7b || byte === 0x5b) depth++; // { [
    if (byte === 0x7d || byte === 0x5d) depth--; // } ]
    if (depth > 3) throw broken(file, "a header of names, types, shapes and offsets", "values in values in values");
    if (byte !== 0x22) continue;
    const from = i;
    while (++i < header.length && header[i] !== 0x22) if (header[i] === 0x5c) i++; // past a backslash and what follows
    if (depth !== 1) continue;
    const key = spelledOut(header.toString("utf8", from, i + 1));
    if (keys.has(key)) throw broken(file, "every tensor once", `${brief(key)} twice`);
    keys.add(key);
  }
}

/** A JSON string without its escapes, so that two spellings of a name are one; as it is where it is none. */
function spelledOut(text: string): string {
  try {
    return text.includes("\\") ? JSON.stringify(JSON.parse(text)) : text;
  } catch {
    return text;
  }
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

/** Opens a file for a while. @param kind for the message @throws UserError for one that cannot be read, or is none */
export function withFile<T>(file: string, use: (fd: number, size: number) => T, kind = "safetensors"): T {
  const fd = openToRead(file, { what: `a readable ${kind} file` });
  try {
    return use(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function broken(file: string, expected: string, got: string): UserError {
  return new UserError({ where: file, expected, got, fix: damaged });
}

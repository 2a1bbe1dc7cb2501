/**
 * safetensors files: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
 * Read tensor by tensor (F32, F16, BF16 to float32), from one file or a folder with an index of shards;
 * written as F32. Every length and offset is checked before anything is allocated for it.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { widenHalves, type HalfType } from "../base/float16";
import { parseJson, parseRow, readText } from "../base/jsonl";

/** A tensor outside the engine, row-major. `data` may be a getter that makes or reads it: writing asks for it once. */
export interface HostTensor {
  shape: number[];
  readonly data: Float32Array;
}

/** An opened checkpoint; nothing but its header has been read. */
export interface SafetensorsReader {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws UserError for an unknown name */
  shape: (name: string) => readonly number[];
  /**
   * Reads one tensor, into the beginning of `room` where that is given.
   * @throws UserError for an unknown name, another dtype or a file that changed
   */
  get: (name: string, room?: Float32Array) => HostTensor;
  /** The type of a tensor that is stored in 16 bits. @throws UserError for an unknown name */
  half: (name: string) => HalfType | undefined;
  /**
   * Bits of a tensor that is stored in 16 bits and has an even number of elements, two to a float, into the beginning
   * of `room` where that is given.
   */
  getHalves: (name: string, room?: Float32Array) => Float32Array;
}

interface Entry {
  file: string;
  dtype: string;
  shape: number[];
  /** Byte offset in the file. */
  start: number;
  bytes: number;
}

const maxHeaderBytes = 100_000_000; // the reference implementation's limit
const bytesPerElement: Readonly<Record<string, number>> = {
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
const indexSchema = z.object({ weight_map: z.record(z.string()) }).passthrough();
const damaged = "The file is damaged or was cut short; copy or download it again.";

/**
 * Opens a .safetensors file, or a folder that holds model.safetensors or model.safetensors.index.json.
 * @throws UserError naming the file and what is wrong with it
 */
export function readSafetensors(target: string): SafetensorsReader {
  const { files, wanted } = locate(target);
  const entries = new Map<string, Entry>();
  let metadata: Record<string, string> = {};
  for (const file of files) {
    const header = readHeader(file);
    metadata = { ...metadata, ...header.metadata };
    for (const [name, entry] of header.entries) if (!wanted || wanted.get(name) === file) entries.set(name, entry);
  }
  for (const [name, file] of wanted ?? []) {
    if (!entries.has(name))
      throw new UserError({
        where: file,
        expected: `tensor ${brief(name)}, which the index places here`,
        got: "no such tensor",
        fix: damaged,
      });
  }
  const find = (name: string): Entry => {
    const entry = entries.get(name);
    if (!entry)
      throw new UserError({
        where: target,
        expected: `a tensor ${brief(name)}`,
        got: "none of that name",
        fix: "Check that the weights belong to config.json.",
      });
    return entry;
  };
  return {
    names: [...entries.keys()],
    metadata,
    shape: (name) => find(name).shape,
    get: (name, room) => readTensor(name, find(name), room),
    half: (name) => halfType(find(name)),
    getHalves: (name, room) => readBits(find(name), room),
  };
}

/**
 * Writes all tensors as F32 in order of name, atomically. Metadata "format": "pt" tells transformers how to read it.
 */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  let offset = 0;
  for (const name of names) {
    const { shape } = tensors.get(name)!;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, (offset += shape.reduce((a, b) => a * b, 4))] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " "); // so that the data is aligned for memory mapping
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  writeFileAtomic(
    file,
    (function* () {
      yield length;
      yield padded;
      for (const name of names) {
        const { shape, data } = { ...tensors.get(name)! };
        if (shape.reduce((a, b) => a * b, 1) !== data.length)
          throw new RangeError(`writeSafetensors: ${name} of shape [${shape.join(", ")}] has ${data.length} elements`);
        yield bytesOf(data);
      }
    })(),
  );
}

/** The weights of a folder: one file, or the index of several. */
export const weightFiles = ["model.safetensors", "model.safetensors.index.json"] as const;

/** Which files make up the checkpoint, and, for shards, where each tensor must be. */
function locate(target: string): { files: string[]; wanted?: Map<string, string> } {
  if (!existsSync(target) || !statSync(target).isDirectory()) return { files: [target] };
  const [single, index] = weightFiles.map((name) => path.join(target, name)) as [string, string];
  if (existsSync(single)) return { files: [single] };
  if (!existsSync(index)) {
    throw new UserError({
      where: target,
      expected: "model.safetensors or model.safetensors.index.json",
      got: "neither",
      fix: "Save the model with safe_serialization (the default of transformers).",
    });
  }
  const wanted = new Map<string, string>();
  for (const [name, shard] of Object.entries(
    parseRow(indexSchema, parseJson(readText(index), index), index).weight_map,
  )) {
    if (path.basename(shard) !== shard)
      throw new UserError({ where: index, expected: "shards in the same folder", got: brief(shard), fix: damaged });
    wanted.set(name, path.join(target, shard));
  }
  return { files: [...new Set(wanted.values())], wanted };
}

function readHeader(file: string): { entries: Map<string, Entry>; metadata: Record<string, string> } {
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

/**
 * Narrow numbers are widened piece by piece through this, so that a tensor is held once and nothing waits to be
 * collected.
 */
const piece = new Uint8Array(1 << 20);

function readTensor(name: string, { file, dtype, shape, start, bytes }: Entry, room?: Float32Array): HostTensor {
  const half = halfType({ dtype });
  if (!half && dtype !== "F32")
    throw new UserError({
      where: file,
      expected: `tensor ${brief(name)} in F32, F16 or BF16`,
      got: dtype,
      fix: "Convert the checkpoint to one of these.",
    });
  const length = bytes / bytesPerElement[dtype]!;
  const data = room?.subarray(0, length) ?? new Float32Array(length);
  withFile(file, (fd) => {
    if (!half) return fill(fd, file, start, bytesOf(data));
    for (let done = 0; done < bytes; done += piece.length) {
      const part = piece.subarray(0, bytes - done);
      fill(fd, file, start + done, part);
      widenHalves(new Uint16Array(part.buffer, 0, part.length / 2), half, data.subarray(done / 2));
    }
  });
  return { shape: [...shape], data };
}

function readBits({ file, start, bytes }: Entry, room?: Float32Array): Float32Array {
  const data = room?.subarray(0, bytes / 4) ?? new Float32Array(bytes / 4);
  withFile(file, (fd) => fill(fd, file, start, bytesOf(data)));
  return data;
}

function halfType({ dtype }: Pick<Entry, "dtype">): HalfType | undefined {
  return dtype === "BF16" || dtype === "F16" ? dtype : undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readBytes(fd: number, file: string, position: number, length: number): Buffer {
  const out = Buffer.alloc(length);
  fill(fd, file, position, out);
  return out;
}

/** Reads exactly as many bytes as `out` has. */
function fill(fd: number, file: string, position: number, out: Uint8Array): void {
  for (let done = 0; done < out.length;) {
    const n = readSync(fd, out, done, Math.min(out.length - done, 1 << 30), position + done);
    if (n === 0) throw broken(file, `${out.length} bytes from byte ${position}`, `${done}`);
    done += n;
  }
}

function withFile<T>(file: string, use: (fd: number, size: number) => T): T {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    throw new UserError({
      where: file,
      expected: "a readable safetensors file",
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

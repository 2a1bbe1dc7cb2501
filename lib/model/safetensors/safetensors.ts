/**
 * safetensors files: a header (`safetensorsHeader.ts`), then the tensors' bytes. Read tensor by tensor (F32, F16, BF16
 * to float32), from one file or a folder with an index of shards; written as F32, or piece by piece in these types.
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { writeFileAtomic } from "../../base/files";
import { widenHalves, type HalfType } from "../../base/float16";
import { parseJson, parseRow } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { bytesPerElement, damaged, fill, readHeader, withFile, type Entry } from "./header";

const indexSchema = z.object({ weight_map: z.record(z.string()) }).passthrough();

/** A tensor outside the engine, row-major. `data` may be a getter that makes or reads it: writing asks for it once. */
export interface HostTensor {
  shape: number[];
  readonly data: Float32Array;
}

/** An opened checkpoint; nothing but its header has been read. */
export interface SafetensorsReader {
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  has: (name: string) => boolean;
  /** @throws UserError for an unknown name */
  shape: (name: string) => readonly number[];
  /**
   * Reads one tensor, into the beginning of `room` where that is given.
   * @throws UserError for an unknown name, another dtype or a file that changed
   */
  get: (name: string, room?: Float32Array) => HostTensor;
  /** Whether two tensors have the same shape and numbers. @throws UserError as `get` */
  equal: (a: string, b: string) => boolean;
  /** The type of a tensor that is stored in 16 bits. @throws UserError for an unknown name */
  half: (name: string) => HalfType | undefined;
  /**
   * Bits of a tensor that is stored in 16 bits and has an even number of elements, two to a float, into the beginning
   * of `room` where that is given.
   */
  getHalves: (name: string, room?: Float32Array) => Float32Array;
}

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
    has: (name) => entries.has(name),
    shape: (name) => find(name).shape,
    get: (name, room) => readTensor(name, find(name), room),
    equal: (a, b) => sameNumbers([a, find(a)], [b, find(b)]),
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
  const parts = [...tensors].map(([name, tensor]): [string, TensorPieces] => [
    name,
    {
      dtype: "F32",
      shape: tensor.shape,
      *pieces() {
        const { data } = tensor;
        if (tensor.shape.reduce((a, b) => a * b, 1) !== data.length)
          throw new RangeError(
            `writeSafetensors: ${name} of shape [${tensor.shape.join(", ")}] has ${data.length} elements`,
          );
        yield bytesOf(data);
      },
    },
  ]);
  writePieces(file, new Map(parts), metadata);
}

/** A tensor to write that need not be in memory as a whole. */
export interface TensorPieces {
  dtype: "F32" | HalfType;
  shape: readonly number[];
  /** Its bytes, row-major; a piece may be reused for the next. */
  pieces: () => Iterable<Uint8Array>;
}

/** The same for tensors of several types, whose bytes are asked for in order of name. */
export function writePieces(
  file: string,
  tensors: ReadonlyMap<string, TensorPieces>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const names = [...tensors.keys()].sort();
  const header: Record<string, unknown> = { __metadata__: { format: "pt", ...metadata } };
  let offset = 0;
  for (const name of names) {
    const { dtype, shape } = tensors.get(name)!;
    const end = shape.reduce((a, b) => a * b, bytesPerElement[dtype]!) + offset;
    header[name] = { dtype, shape, data_offsets: [offset, end] };
    offset = end;
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
      for (const name of names) yield* tensors.get(name)!.pieces();
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

/** By their bytes, piece by piece; of two types, by what they are read as. */
function sameNumbers([nameA, a]: [string, Entry], [nameB, b]: [string, Entry]): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  if (a.dtype !== b.dtype)
    return Buffer.compare(bytesOf(readTensor(nameA, a).data), bytesOf(readTensor(nameB, b).data)) === 0;
  return withFile(a.file, (fdA) =>
    withFile(b.file, (fdB) => {
      const [pieceA, pieceB] = [Buffer.alloc(piece.length), Buffer.alloc(piece.length)];
      for (let done = 0; done < a.bytes; done += piece.length) {
        const [partA, partB] = [pieceA.subarray(0, a.bytes - done), pieceB.subarray(0, a.bytes - done)];
        fill(fdA, a.file, a.start + done, partA);
        fill(fdB, b.file, b.start + done, partB);
        if (!partA.equals(partB)) return false;
      }
      return true;
    }),
  );
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

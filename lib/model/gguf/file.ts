/**
 * GGUF files, versions 2 and 3 (llama.cpp, Ollama, LM Studio): metadata, then where each tensor lies. Every count,
 * length and offset is checked against the file's size before anything is read or allocated for it.
 *
 * Not @huggingface/gguf, which was tried: it reads zeros behind the end of a local file and takes them for metadata,
 * and drops a byte order mark, which is a token of SentencePiece vocabularies.
 */
import { UserError, brief } from "../../base/check";
import { withFile } from "../safetensors/header";
import { Cursor } from "./cursor";
import { ggufType, ggufTypeNames, type GgufType } from "./types";

export type GgufValue = number | bigint | boolean | string | GgufValue[];

/** Where a tensor lies, and what it is. */
export interface GgufTensor {
  name: string;
  type: GgufType;
  /** Row-major, as torch has it: [out, in] of a matrix. */
  shape: number[];
  /** Byte offset in the file. */
  start: number;
  bytes: number;
}

/** What a file says is in it; no weight has been read. */
export interface GgufFile {
  file: string;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
}

const [stringType, arrayType] = [8, 9];

/** Scalars by their number in the format: bytes, and how they are read. */
const scalars: Readonly<Record<number, [bytes: number, read: (from: Buffer) => GgufValue]>> = {
  0: [1, (from) => from.readUInt8()],
  1: [1, (from) => from.readInt8()],
  2: [2, (from) => from.readUInt16LE()],
  3: [2, (from) => from.readInt16LE()],
  4: [4, (from) => from.readUInt32LE()],
  5: [4, (from) => from.readInt32LE()],
  6: [4, (from) => from.readFloatLE()],
  7: [1, (from) => from.readUInt8() !== 0],
  10: [8, (from) => plain(from.readBigUInt64LE())],
  11: [8, (from) => plain(from.readBigInt64LE())],
  12: [8, (from) => from.readDoubleLE()],
};

const deepest = 3; // arrays of arrays
/** More than any vocabulary has merges. */
const longest = 1 << 24;
const mostDimensions = 4;

/**
 * @throws UserError for a file that is none, of another version or byte order, damaged or cut short, a part of several,
 * or with a type of numbers that is not read here
 */
export function readGguf(file: string): GgufFile {
  return withFile(
    file,
    (fd, size) => {
      const cursor = new Cursor(file, fd, size);
      checkMagic(cursor);
      // a tensor: length of the name, number of dimensions, type, offset; an entry: length of the key, type, a byte
      const tensorCount = cursor.count(24, "tensors");
      const metadata = readMetadata(cursor, cursor.count(13, "metadata entries"));
      const parts = metadata.get("split.count");
      if (typeof parts === "number" && parts > 1)
        throw new UserError({
          where: file,
          expected: "a whole model in one file",
          got: `one of ${parts} parts`,
          fix: "Merge them first: llama-gguf-split --merge FIRST.gguf WHOLE.gguf.",
        });
      return { file, metadata, tensors: readTensors(cursor, tensorCount, metadata.get("general.alignment") ?? 32) };
    },
    "GGUF",
  );
}

function checkMagic(cursor: Cursor): void {
  const expected = "a GGUF file of version 2 or 3, little-endian";
  const start = cursor.size >= 8 ? cursor.take(8, expected) : Buffer.alloc(8);
  const got = start.toString("latin1", 0, 4);
  if (got !== "GGUF")
    throw new UserError({
      where: cursor.file,
      expected,
      got: cursor.size < 8 ? `${cursor.size} bytes` : `one that begins with ${brief(got)}`,
      fix: "Check the path.",
    });
  const version = start.readUInt32LE(4);
  if (version === 2 || version === 3) return;
  throw new UserError({
    where: cursor.file,
    expected,
    got: version & 0xffff ? `version ${version}` : "big-endian numbers",
    fix: "Convert the model again with a current llama.cpp.",
  });
}

function readMetadata(cursor: Cursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.text("a key of metadata");
    if (metadata.has(key)) throw cursor.broken("each key of metadata once", `${brief(key)} twice`);
    metadata.set(key, readValue(cursor, cursor.u32(`the type of ${brief(key)}`), key, 0));
  }
  return metadata;
}

function readValue(cursor: Cursor, type: number, key: string, depth: number): GgufValue {
  const what = `${brief(key)} in the metadata`;
  if (type === stringType) return cursor.text(what);
  const scalar = scalars[type];
  if (scalar) return scalar[1](cursor.take(scalar[0], what));
  if (type !== arrayType || depth === deepest) throw cursor.broken(`a known type of ${what}`, `type ${type}`);
  const of = cursor.u32(what);
  const least = scalars[of]?.[0] ?? (of === stringType ? 8 : 12);
  const count = cursor.count(least, `elements of ${what}`);
  if (count > longest) throw cursor.broken(`at most ${longest} elements of ${what}`, `${count}`);
  return Array.from({ length: count }, () => readValue(cursor, of, key, depth + 1));
}

function plain(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readTensors(cursor: Cursor, count: number, alignment: GgufValue): Map<string, GgufTensor> {
  if (typeof alignment !== "number" || !(alignment >= 8 && alignment <= 1 << 20 && alignment % 8 === 0))
    throw cursor.broken("a multiple of 8 as general.alignment", brief(alignment));
  const tensors = new Map<string, GgufTensor>();
  for (let i = 0; i < count; i++) {
    const tensor = readTensor(cursor);
    if (tensors.has(tensor.name)) throw cursor.broken("each tensor once", `${brief(tensor.name)} twice`);
    tensors.set(tensor.name, tensor);
  }
  const dataStart = Math.ceil(cursor.position / alignment) * alignment;
  let end = dataStart;
  for (const tensor of [...tensors.values()].sort((a, b) => a.start - b.start)) {
    tensor.start += dataStart;
    if (tensor.start % alignment !== 0 || tensor.start < end)
      throw cursor.broken(
        `tensor ${brief(tensor.name)} at a multiple of ${alignment} from byte ${end} on`,
        `${tensor.start}`,
      );
    end = tensor.start + tensor.bytes;
    if (end > cursor.size)
      throw cursor.broken(`tensor ${brief(tensor.name)} up to byte ${end}`, `a file of ${cursor.size} bytes`);
  }
  return tensors;
}

/** Its `start` is as the file has it: from where the data begin. */
function readTensor(cursor: Cursor): GgufTensor {
  const name = cursor.text("the name of a tensor");
  const what = `tensor ${brief(name)}`;
  const dimensions = cursor.u32(what);
  if (dimensions < 1 || dimensions > mostDimensions)
    throw cursor.broken(`1 to ${mostDimensions} dimensions of ${what}`, `${dimensions}`);
  const shape = Array.from({ length: dimensions }, () => cursor.size64(`a dimension of ${what}`)).reverse();
  const type = ggufType(cursor.u32(what));
  if (typeof type === "string")
    throw new UserError({
      where: cursor.file,
      expected: `${what} in ${ggufTypeNames.join(", ")}`,
      got: type,
      fix: "This quantisation is not supported; take a file of the model in Q4_K_M, Q5_K_M, Q6_K, Q8_0 or F16.",
    });
  const row = shape.at(-1)!;
  const numbers = shape.reduce((a, b) => a * b, 1);
  if (numbers < 1 || row % type.length !== 0)
    throw cursor.broken(`rows of ${what} that are multiples of ${type.length} numbers (${type.name})`, `${row}`);
  const bytes = (numbers / type.length) * type.bytes;
  if (bytes > cursor.size) throw cursor.broken(`${what} [${shape.join(", ")}]`, `a file of ${cursor.size} bytes`);
  return { name, type, shape, start: cursor.size64(`the offset of ${what}`), bytes };
}

/** For what a file says and the project does not support. */
export function unsupported(file: string, expected: string, got: string): UserError {
  return new UserError({ where: file, expected, got, fix: "This model cannot be imported; use another." });
}

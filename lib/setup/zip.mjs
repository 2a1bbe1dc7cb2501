/** Unpacks chosen members of a zip file (a Python wheel), streaming, with size and CRC of every member checked. */
import { closeSync, createReadStream, createWriteStream, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import { Unavailable } from "./paths.mjs";

const END_OF_DIRECTORY = 0x06054b50;
/** The end record is 22 bytes and a comment of at most 65,535. */
const MAX_END = 22 + 65535;

/** @typedef {{ name: string, size: number }} Written */

/**
 * @param {string} file zip file with members below 4 GiB
 * @param {(name: string) => boolean} wanted predicate on member names
 * @param {string} folder
 * @returns {Promise<Written[]>} the members written below `folder`
 */
export async function unzip(file, wanted, folder) {
  const written = [];
  for (const member of members(file).filter(({ name }) => !name.endsWith("/") && wanted(name))) {
    const target = path.resolve(folder, member.name);
    if (!target.startsWith(path.resolve(folder) + path.sep))
      throw new Unavailable(`${path.basename(file)} names a file outside its folder`);
    mkdirSync(path.dirname(target), { recursive: true });
    const check = checksum();
    const start = dataStart(file, member);
    if (member.packed > 0)
      await pipeline([
        createReadStream(file, { start, end: start + member.packed - 1 }),
        ...(member.method === 8 ? [zlib.createInflateRaw()] : []),
        check.stream,
        createWriteStream(target),
      ]);
    if (check.size() !== member.size || check.crc() !== member.crc)
      throw new Unavailable(`${member.name} in ${path.basename(file)} is damaged`, { transient: true });
    written.push({ name: member.name, size: member.size });
  }
  return written;
}

/**
 * The central directory.
 * @param {string} file
 */
function members(file) {
  const tail = readAt(file, -MAX_END, MAX_END);
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new Unavailable(`${path.basename(file)} is not a zip file`, { transient: true });
  const directory = readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const found = [];
  for (let at = 0; at < directory.length;) {
    const nameLength = directory.readUInt16LE(at + 28);
    found.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      header: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return found;
}

/**
 * A member's own header repeats the name with lengths of its own.
 * @param {string} file
 * @param {{ header: number }} member
 */
function dataStart(file, { header }) {
  const local = readAt(file, header, 30);
  return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
}

/**
 * Bytes from `start` (negative: from the end), fewer where the file is shorter.
 * @param {string} file
 * @param {number} start
 * @param {number} length
 */
function readAt(file, start, length) {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const from = start < 0 ? Math.max(0, size + start) : start;
    const buffer = Buffer.alloc(Math.min(length, size - from));
    readSync(fd, buffer, 0, buffer.length, from);
    return buffer;
  } finally {
    closeSync(fd);
  }
}

/** Passes bytes on and keeps their CRC-32 and number. */
function checksum() {
  let crc = 0;
  let size = 0;
  const stream = new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, crc: () => crc, size: () => size };
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/**
 * Node has it from 20.15 and 22.2 on.
 * @type {(bytes: Uint8Array, start: number) => number}
 */
const crc32 =
  zlib.crc32 ??
  ((bytes, start) => {
    let c = ~start;
    for (const byte of bytes) c = /** @type {number} */ (TABLE[(c ^ byte) & 255]) ^ (c >>> 8);
    return ~c >>> 0;
  });

/** Content hashes: sha256 over canonical JSON (keys sorted) or over bytes. */
import { createHash } from "node:crypto";
import { closeSync, readSync } from "node:fs";
import { openToRead } from "./textFile";

/** JSON with object keys sorted at every level, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === "object" && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

/** Hex sha256 of bytes or of the text itself. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Hex sha256 of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/**
 * Hex sha256 of a file's bytes, read in pieces: a checkpoint may be larger than memory.
 * @throws UserError for what cannot be read, or is no file
 */
export function sha256File(file: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(1 << 20);
  const fd = openToRead(file);
  try {
    for (let n: number; (n = readSync(fd, piece)) > 0;) hash.update(piece.subarray(0, n));
  } finally {
    closeSync(fd);
  }
  return hash.digest("hex");
}

/** Hex sha256 of the bytes of arrays, one after the other. */
export function hashOfFloats(...arrays: readonly Float32Array[]): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let at = 0; at < bytes.length; at += 1 << 30) hash.update(bytes.subarray(at, at + (1 << 30))); // 2 GiB at most
  }
  return hash.digest("hex");
}

/** Reads golden vectors; their fields are described in README.md. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** A tensor in a golden JSON file. */
export interface GoldenTensor {
  shape: number[];
  f32: string;
}

/** A path under test/golden. */
export function goldenPath(...parts: string[]): string {
  return path.join(__dirname, ...parts);
}

/** A golden JSON file; the caller names its shape. */
export function readGolden<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(goldenPath(...parts), "utf8")) as T;
}

/** The numbers of a tensor, row-major. */
export function f32(tensor: GoldenTensor): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(tensor.f32, "base64")).buffer);
}

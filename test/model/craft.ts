/** Files of tensors with whatever header. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { scratch } from "../golden/fixtures";

/** A file with any header and any bytes of data. */
export function craft(t: TestContext, header: unknown, data: Uint8Array, length?: bigint): string {
  const file = path.join(scratch(t), "model.safetensors");
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  writeFileSync(file, Buffer.concat([size, json, data]));
  return file;
}

export function craftRaw(t: TestContext, bytes: number): string {
  const file = path.join(scratch(t), "raw.safetensors");
  writeFileSync(file, new Uint8Array(bytes));
  return file;
}

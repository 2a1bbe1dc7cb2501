/** What the page computes with, packed from the files of data/atlas. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { nearestHalf } from "../base/float16";
import { adapterShapes } from "../model/adapter/lora";
import { readAdapter } from "../model/adapter/peft";
import { openCheckpoint } from "../model/checkpoint";
import { readTokenizerFiles } from "../text/tokenizerFiles";
import { atlasFolder, readFacts } from "../world/facts";
import type { AtlasInfo } from "./atlas/policies";
import type { PackedAtlas } from "./atlas/protocol";

/** The base, in 16 bits as the page has it, is less than a thousandth off its 32 bits. */
export const baseFolder = path.join(atlasFolder, "base");
/** The aligned policy that the page sets beside the base, as an adapter. */
export const alignedFolder = path.join(atlasFolder, "aligned");

/** @throws UserError for damaged files */
export function packAtlas(): PackedAtlas {
  const { config, shapes, read } = openCheckpoint(baseFolder);
  const { config: lora, tensors } = readAdapter(alignedFolder, config);
  const { rows: _rows, ...tokenizer } = readTokenizerFiles(baseFolder);
  const info: AtlasInfo = {
    config,
    tokenizer: { ...tokenizer, dir: "the page", file: "tokenizer.json" },
    lora,
    facts: readFacts(atlasFolder),
  };
  const wasm = require.resolve("@tensorflow/tfjs-backend-wasm/package.json");
  return {
    info: packed(Buffer.from(JSON.stringify(info))),
    base: packed(halvesOf([...shapes.keys()].map((name) => read(name).data))),
    adapter: packed(halvesOf([...adapterShapes(config, lora).keys()].map((name) => tensors.get(name)!.data))),
    wasm: packed(readFileSync(path.join(path.dirname(wasm), "dist/tfjs-backend-wasm-simd.wasm"))),
  };
}

export function halvesOf(parts: readonly Float32Array[]): Uint8Array {
  const halves = Uint16Array.from(parts.flatMap((part) => Array.from(part, nearestHalf)));
  return new Uint8Array(halves.buffer);
}

function packed(bytes: Uint8Array): string {
  return gzipSync(bytes, { level: 9 }).toString("base64");
}

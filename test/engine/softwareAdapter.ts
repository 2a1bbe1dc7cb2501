/** A WebGPU adapter that every Linux machine has: SwiftShader from the Chromium package. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { projectRoot } from "../../lib/base/files";
import { untar } from "../../lib/show/figure/unpack";

const packed = path.join(projectRoot, "node_modules/@sparticuz/chromium/bin/swiftshader.tar.br");
export const linux = process.platform === "linux" && process.arch === "x64";
/** Whether the optional package webgpu is. */
export const installed = existsSync(path.join(projectRoot, "node_modules/webgpu/package.json"));

/** Environment in which Dawn finds SwiftShader, unpacked into `dir`; nothing where there is none for this machine. */
export function softwareAdapter(dir: string): Record<string, string> | undefined {
  if (!linux || !existsSync(packed)) return undefined;
  untar(brotliDecompressSync(readFileSync(packed)), dir);
  return { LD_LIBRARY_PATH: dir, VK_ICD_FILENAMES: path.join(dir, "vk_swiftshader_icd.json") };
}

/**
 * `npm run device-check`: packs what tries this project's WebGPU engine on a Linux machine with an NVIDIA GPU and
 * nothing installed: Node, our code in one file, Dawn, the Vulkan loader, and the numbers to compare with.
 *
 *   npm run device-check -- [--out .cache/device-check.tar.gz]
 *   there:  tar xzf device-check.tar.gz && ./device-check/run --out device-check.json
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { projectRoot, typescriptLoader } from "../../lib/base/files";
import { softwareAdapter } from "../engine/softwareAdapter";
import { goldenPath } from "../golden/golden";

/** The whole, packed. */
const mostBytes = 60e6;

/** Fills a folder with all but Node; `check.cjs` in it is what runs. */
export async function writeBundle(dir: string): Promise<void> {
  mkdirSync(path.join(dir, "vulkan"), { recursive: true });
  await build({
    entryPoints: [path.join(__dirname, "check.ts")],
    outfile: path.join(dir, "check.cjs"),
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    external: ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-backend-wasm"], // engines of other machines
    define: { "import.meta.url": "moduleUrl" }, // of Dawn's loader, which looks for its binary beside itself
    banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "error",
  });
  const dawn = "dist/linux-x64/dawn.node";
  mkdirSync(path.join(dir, path.dirname(dawn)), { recursive: true });
  copyFileSync(path.join(projectRoot, "node_modules/webgpu", dawn), path.join(dir, dawn));
  copyFileSync(path.join(projectRoot, "package.json"), path.join(dir, "package.json"));
  copyFileSync(path.join(__dirname, "torch_dpo.py"), path.join(dir, "torch_dpo.py"));
  cpSync(goldenPath("models", "llama-gqa-llama3"), path.join(dir, "models/llama-gqa-llama3"), { recursive: true });
  const adapter = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-vulkan-"));
  if (!softwareAdapter(adapter)) throw new Error("expected Linux on x64 with the packages that npm run setup installs");
  copyFileSync(path.join(adapter, "libvulkan.so.1"), path.join(dir, "vulkan/libvulkan.so.1"));
  rmSync(adapter, { recursive: true });
  writeFileSync(path.join(dir, "expected.json"), JSON.stringify(expected()));
}

/** What WebAssembly computes here. */
function expected(): object {
  const probe = ["--require", typescriptLoader, path.join(projectRoot, "test/engine/probe.ts")];
  const { status, stdout, stderr } = spawnSync(process.execPath, probe, {
    encoding: "utf8",
    env: { ...process.env, ENGINE: "wasm" },
  });
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { out: object }).out;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: "string", default: path.join(projectRoot, ".cache/device-check.tar.gz") } },
  });
  const parent = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-bundle-"));
  try {
    const dir = path.join(parent, "device-check");
    await writeBundle(dir);
    copyFileSync(process.execPath, path.join(dir, "node"));
    const run = path.join(dir, "run");
    writeFileSync(run, '#!/bin/sh\nhere=$(dirname "$0")\nexec "$here/node" "$here/check.cjs" "$@"\n');
    chmodSync(run, 0o755);
    mkdirSync(path.dirname(values.out), { recursive: true });
    const packing = ["-C", parent, "-I", "gzip -9", "-cf", path.resolve(values.out), "device-check"];
    const tar = spawnSync("tar", packing, { stdio: "inherit" });
    if (tar.status !== 0) throw new Error("tar failed");
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
  const { size } = statSync(values.out);
  process.stdout.write(`${values.out}: ${(size / 1e6).toFixed(1)} MB, with Node ${process.version}\n`);
  if (size > mostBytes)
    throw new Error(`expected at most ${mostBytes / 1e6} MB: pack with an older Node, which is smaller`);
}

if (require.main === module)
  main().catch((error: unknown) => {
    process.stderr.write(`device-check: ${(error as Error).message}\n`);
    process.exitCode = 1;
  });

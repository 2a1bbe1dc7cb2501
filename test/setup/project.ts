/** A copy of the project on a machine without compiler and Python, to set up. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { before } from "node:test";
import { projectRoot } from "../../lib/base/files";
import { scratchFolder } from "../notebook/scratch";

export const folder = scratchFolder();
export const copy = path.join(folder, "project");
export const home = path.join(folder, "home");
const bin = path.join(folder, "bin");
export const native = "node_modules/@tensorflow/tfjs-node-gpu";
export const record = path.join(copy, "node_modules/.mask-dpo-engine.json");
export const skip = process.platform === "win32" && "the stub PATH is made for POSIX";

/** Our own files, links to the packages, and the engine's package without a binding. */
before(() => {
  const take = (...parts: string[]) =>
    cpSync(path.join(projectRoot, ...parts), path.join(copy, ...parts), { recursive: true });
  for (const file of ["lib", "package.json", "package-lock.json", "node_modules/.package-lock.json"]) take(file);
  mkdirSync(path.join(copy, "node_modules/@tensorflow"));
  for (const folder of ["node_modules", "node_modules/@tensorflow"]) {
    const names = readdirSync(path.join(projectRoot, folder)).filter(
      (name) => !/^\.|^@tensorflow$|^tfjs-node-gpu$/.test(name),
    );
    for (const name of names) symlinkSync(path.join(projectRoot, folder, name), path.join(copy, folder, name));
  }
  for (const file of ["package.json", "binding"]) take(native, file);
  for (const made of [home, bin]) mkdirSync(made);
  symlinkSync(process.execPath, path.join(bin, "node"));
});

export function setUp(env: NodeJS.ProcessEnv = {}) {
  const started = Date.now();
  const result = spawnSync(process.execPath, [path.join(copy, "lib/setup/setup.mjs")], {
    encoding: "utf8",
    env: { PATH: bin, HOME: home, ...env },
  });
  return { code: result.status, out: result.stdout, err: result.stderr, ms: Date.now() - started };
}

interface Tried {
  tried: Record<string, { engine: string; reason: string }>;
}
export const records = () => Object.values((JSON.parse(readFileSync(record, "utf8")) as Tried).tried);

export const WASM = "engine: WebAssembly, because no C++ compiler (g++ or clang++) was found\n";

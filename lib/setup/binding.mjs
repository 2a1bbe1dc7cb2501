/**
 * The native binding of @tensorflow/tfjs-node-gpu: compiled against the library in the cache, kept in the cache too
 * (`npm ci` empties node_modules) and put in place.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import path from "node:path";
import { modules, onPath, Unavailable } from "./paths.mjs";

/** @import { Say } from "./paths.mjs" */

export const tfjsPackage = path.join(modules, "@tensorflow/tfjs-node-gpu");
const SOURCES = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];
const PLACE = path.join(tfjsPackage, "lib/napi-v8/tfjs_binding.node");

/** Size and time of the binding in place, or undefined. */
export function bindingFingerprint() {
  const stat = statSync(PLACE, { throwIfNoEntry: false });
  return stat && `${stat.size}-${Math.round(stat.mtimeMs)}`;
}

export function findCompiler() {
  return process.env.CXX || onPath("g++", "clang++", "c++");
}

/**
 * The binding for the library in `folder`, from the cache or compiled.
 * @param {string} folder
 * @param {Say} say
 * @throws Unavailable
 */
export function buildBinding(folder, say) {
  const built = cachedBinding(folder);
  if (existsSync(built)) return built;
  const compiler = findCompiler();
  if (!compiler) throw new Unavailable("no C++ compiler (g++ or clang++) was found");
  say("setup: compiling the TensorFlow binding");
  const libraries = path.join(folder, "tensorflow");
  const tmp = `${built}.${process.pid}.tmp`;
  const result = spawnSync(
    compiler,
    [
      "-std=c++17",
      "-O2",
      "-fPIC",
      "-shared",
      ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
      "-DNAPI_VERSION=8",
      "-DBUILDING_NODE_EXTENSION",
      `-I${path.join(modules, "node-api-headers/include")}`,
      `-I${path.join(libraries, "include")}`,
      "-I.",
      ...SOURCES,
      "-o",
      tmp,
      ...readdirSync(libraries)
        .filter((name) => name.startsWith("libtensorflow_"))
        .map((name) => path.join(libraries, name)),
      `-Wl,-rpath,${libraries}`,
    ],
    { cwd: tfjsPackage, encoding: "utf8" },
  );
  if (result.status !== 0) {
    rmSync(tmp, { force: true });
    const line = result.stderr
      ?.split("\n")
      .find((text) => /error/i.test(text))
      ?.trim()
      .slice(0, 150);
    throw new Unavailable(
      `the TensorFlow binding did not compile (${line || result.error?.message || "see the compiler"})`,
    );
  }
  renameSync(tmp, built);
  return built;
}

/**
 * Where a binding of these sources against that library is kept.
 * @param {string} folder
 */
export function cachedBinding(folder) {
  const hash = createHash("sha256").update(folder);
  for (const source of SOURCES) hash.update(readFileSync(path.join(tfjsPackage, source)));
  return path.join(folder, `binding-${hash.digest("hex").slice(0, 16)}.node`);
}

/**
 * Puts the binding where the package loads it from; a process that uses the old one keeps it.
 * @param {string} built
 */
export function placeBinding(built) {
  mkdirSync(path.dirname(PLACE), { recursive: true });
  const tmp = `${PLACE}.${process.pid}.tmp`;
  copyFileSync(built, tmp);
  chmodSync(tmp, 0o755);
  renameSync(tmp, PLACE);
}

/** Whether there is a binding in place. @throws Unavailable */
export function needsBinding() {
  if (!existsSync(PLACE)) throw new Unavailable("the TensorFlow binding is not there");
}

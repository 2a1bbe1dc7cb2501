/**
 * The native binding of @tensorflow/tfjs-node-gpu: compiled against the library in the cache, kept in the cache too
 * (`npm ci` empties node_modules), put in place, and tried in a process of its own.
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
import { modules, onPath, root, Unavailable } from "./paths.mjs";

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

/** The binding for the library in `folder`, from the cache or compiled. @throws Unavailable */
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

/** Where a binding of these sources against that library is kept. */
export function cachedBinding(folder) {
  const hash = createHash("sha256").update(folder);
  for (const source of SOURCES) hash.update(readFileSync(path.join(tfjsPackage, source)));
  return path.join(folder, `binding-${hash.digest("hex").slice(0, 16)}.node`);
}

/** Puts the binding where the package loads it from; a process that uses the old one keeps it. */
export function placeBinding(built) {
  mkdirSync(path.dirname(PLACE), { recursive: true });
  const tmp = `${PLACE}.${process.pid}.tmp`;
  copyFileSync(built, tmp);
  chmodSync(tmp, 0o755);
  renameSync(tmp, PLACE);
}

export function removeBinding() {
  rmSync(PLACE, { force: true });
}

const TRIAL = `
process.env.TF_CPP_MIN_LOG_LEVEL = "3";
const tf = require("@tensorflow/tfjs-node-gpu");
const a = tf.ones([2, 2]);
if (tf.matMul(a, a).dataSync()[0] !== 2) throw new Error("a matrix product is wrong");
const { binding, isUsingGpuDevice } = tf.backend();
process.report.excludeNetwork = true;
const libraries = process.report.getReport().sharedObjects.filter((file) => /libtensorflow/.test(file));
require("node:fs").writeSync(3, JSON.stringify({ version: binding.TF_Version, gpu: Boolean(isUsingGpuDevice), libraries }));
`;

/** Loads the binding in place and multiplies two matrices. @returns {version, gpu, libraries} @throws Unavailable */
export function tryBinding() {
  if (!existsSync(PLACE)) throw new Unavailable("the TensorFlow binding is not there");
  const env = { ...process.env, TF_FORCE_GPU_ALLOW_GROWTH: "true" };
  const result = spawnSync(process.execPath, ["-e", TRIAL], {
    cwd: root,
    env,
    encoding: "utf8",
    timeout: 180_000,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  if (result.status === 0) return JSON.parse(result.output[3]);
  const line = result.stderr
    ?.split("\n")
    .find((text) => /Error/.test(text))
    ?.trim()
    .slice(0, 150);
  throw new Unavailable(
    `the TensorFlow library did not load (${line || result.signal || `exit code ${result.status}`})`,
  );
}

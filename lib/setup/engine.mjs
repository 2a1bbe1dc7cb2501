/**
 * Chooses the fastest engine that this machine can have and that computes rightly, and says which and why, in one line.
 * Order: a native binding that is in place, native TensorFlow from the PyPI wheel (with CUDA libraries where there is
 * an NVIDIA GPU), WebAssembly, plain JavaScript. Each is tried before it is chosen (./trial.mjs).
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { bindingFingerprint, buildBinding, cachedBinding, findCompiler, needsBinding } from "./binding.mjs";
import { placeBinding, tfjsPackage } from "./binding.mjs";
import { cacheFolder, onPath, readJson, SetupError, Unavailable } from "./paths.mjs";
import { keepRecord, knownRecord } from "./record.mjs";
import { CannotCompute, ENGINES, tryEngine } from "./trial.mjs";
import { fetchLibrary, isComplete, libraryFolder } from "./wheel.mjs";
import { TENSORFLOW, wheelsFor } from "./wheels.mjs";

/** @import { Say } from "./paths.mjs" */
/** @import { EngineName, Native } from "./trial.mjs" */
/** @typedef {ReturnType<typeof machine>} Machine */
/** @typedef {{ engine: "native", reason: string, machine: Machine } & Native} NativeRecord */
/** @typedef {{ engine: "wasm" | "cpu", reason: string, machine: Machine }} Other */
/** @typedef {Other & { transient: boolean, triedAt: number }} OtherRecord */
/** @typedef {{ engine: EngineName, reason: string, package: string }} ForcedRecord */

/** A download that failed is not tried again by every run. */
const RETRY_MS = 3600_000;

/**
 * @param {{ say: Say, forced: string | undefined, again: boolean }} how
 *   forced: value of ENGINE; again: look again though nothing changed
 * @throws SetupError
 */
export async function setUpEngine({ say, forced, again }) {
  if (forced !== undefined && !isEngine(forced)) {
    throw new SetupError(`ENGINE: expected one of ${Object.keys(ENGINES).join(", ")}, got "${forced}"`);
  }
  if (forced && forced !== "native") return say(`engine: ${force(forced, again)}, because ENGINE=${forced}`);
  const known = again ? undefined : /** @type {NativeRecord | OtherRecord | undefined} */ (knownRecord());
  const valid = known && (known.engine === "native" ? nativeStands(known) : !forced && othersStand(known));
  const record = valid ? known : await choose(say);
  if (!valid) keepRecord(record);
  if (forced && record.engine !== "native") throw impossible(forced, record.reason);
  say(line(record));
}

/**
 * @param {string} name
 * @returns {name is EngineName}
 */
function isEngine(name) {
  return name in ENGINES;
}

/**
 * Tries an engine that is there with the packages, once.
 * @param {EngineName} engine
 * @param {boolean} again
 * @returns its name for people
 * @throws SetupError
 */
function force(engine, again) {
  const now = machine().package;
  const known = /** @type {ForcedRecord | undefined} */ (knownRecord(engine));
  if (again || known?.package !== now) {
    try {
      tryEngine(engine);
    } catch (error) {
      throw error instanceof Unavailable ? impossible(engine, error.message) : error;
    }
    keepRecord({ engine, reason: `ENGINE=${engine}`, package: now }, engine);
  }
  return ENGINES[engine];
}

/**
 * @param {EngineName} engine
 * @param {string} why
 */
function impossible(engine, why) {
  return new SetupError(`ENGINE=${engine} is not possible here, because ${why}`);
}

/** @param {NativeRecord | OtherRecord} record */
function line(record) {
  if (record.engine !== "native") return `engine: ${ENGINES[record.engine]}, because ${record.reason}`;
  const { version, gpu, reason } = record;
  return `engine: native TensorFlow ${version} ${gpu ? "GPU" : "CPU"}${reason ? ` (${reason})` : ""}`;
}

/** What the choice depends on and can be seen without starting a process. */
function machine() {
  const about = readJson(path.join(tfjsPackage, "package.json"));
  return {
    package: /** @type {{ version?: string } | undefined} */ (about)?.version ?? "",
    tensorflow: TENSORFLOW,
    nvidia: process.platform === "linux" && (existsSync("/dev/nvidia0") || onPath("nvidia-smi") !== undefined),
    compiler: findCompiler() ?? "",
    python: process.env.PYTHON || onPath("python3", "python") || "",
    cache: cacheFolder() ?? "",
    binding: bindingFingerprint() ?? "",
  };
}

/** @param {NativeRecord} known */
function nativeStands(known) {
  const now = machine();
  const matters = /** @type {const} */ (["package", "tensorflow", "nvidia", "binding"]);
  return (
    matters.every((what) => known.machine[what] === now[what]) && known.libraries.every((file) => existsSync(file))
  );
}

/** @param {OtherRecord} known */
function othersStand(known) {
  const fresh = !known.transient || Date.now() - known.triedAt < RETRY_MS;
  return fresh && JSON.stringify(known.machine) === JSON.stringify(machine());
}

/**
 * Tries the ways to a native engine in order, then the engines that come with the packages.
 * @param {Say} say
 * @returns {Promise<NativeRecord | OtherRecord>}
 * @throws SetupError
 */
async function choose(say) {
  const { nvidia } = machine(),
    failures = /** @type {Unavailable[]} */ ([]);
  for (const way of waysToNative(nvidia, say)) {
    try {
      const { version, gpu, libraries } = await way();
      const why = failures.find((error) => !error.minor)?.message ?? "TensorFlow does not use it";
      const reason = nvidia && !gpu ? `an NVIDIA GPU was found, but ${why}` : "";
      return { engine: "native", reason, version, gpu, libraries, machine: machine() };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failures.push(error);
    }
  }
  for (const engine of /** @type {const} */ (["wasm", "cpu"])) {
    try {
      tryEngine(engine);
      const transient = failures.some((error) => error.transient);
      return { engine, reason: reasonOf(failures), transient, triedAt: Date.now(), machine: machine() };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failures.push(error);
    }
  }
  throw new SetupError(`no engine computes here: ${reasonOf(failures)}`);
}

/**
 * The wheel is the way meant for this machine: what it lacks is what the user can change.
 * @param {Unavailable[]} failures
 */
function reasonOf(failures) {
  const main = failures.filter((error) => !error.minor);
  return [...new Set((main.length > 0 ? main : failures.slice(0, 1)).map((error) => error.message))].join("; ");
}

/**
 * @param {boolean} nvidia
 * @param {Say} say
 * @returns {(() => Native | Promise<Native>)[]}
 */
function waysToNative(nvidia, say) {
  const inPlace = () => {
    const found = minor(() => {
      needsBinding();
      refuseSpoilt(nvidia);
      return tryEngine("native");
    });
    if (nvidia && !found.gpu)
      throw Object.assign(new Unavailable("the binding in place does not use it"), { minor: true });
    return found;
  };
  /** @param {boolean} gpu */
  const wheel = (gpu) => async () => {
    needsGlibc();
    await fromWheel(gpu, say);
    const found = tryEngine("native");
    if (gpu && !found.gpu) throw new Unavailable("TensorFlow does not see it (is its driver installed?)");
    return found;
  };
  return [inPlace, ...(nvidia ? [wheel(true)] : []), wheel(false)];
}

/**
 * A failure that is not what the user should hear about first, unless an engine computes wrongly.
 * @template T
 * @param {() => T} action
 */
function minor(action) {
  try {
    return action();
  } catch (error) {
    throw Object.assign(/** @type {Error} */ (error), { minor: !(error instanceof CannotCompute) });
  }
}

/**
 * @param {boolean} gpu
 * @param {Say} say
 */
async function fromWheel(gpu, say) {
  const folder = libraryFolder(gpu);
  const complete = isComplete(folder, gpu);
  // Look for the compiler before 260 MB are fetched for it.
  const compiled = complete && existsSync(cachedBinding(folder));
  if (!findCompiler() && !compiled) throw new Unavailable("no C++ compiler (g++ or clang++) was found");
  if (!complete) await fetchLibrary(gpu, say);
  placeBinding(buildBinding(folder, say));
}

/**
 * The binding in place loads the library of the cache.
 * @param {boolean} nvidia
 * @throws Unavailable where that is not what was unpacked
 */
function refuseSpoilt(nvidia) {
  for (const gpu of nvidia ? [true, false] : [false]) {
    const { platform, arch } = process;
    if (wheelsFor({ platform, arch, gpu }).length === 0) continue;
    const folder = libraryFolder(gpu);
    if (existsSync(folder) && !isComplete(folder, gpu))
      throw new Unavailable("the TensorFlow library in the cache is damaged", { transient: true });
  }
}

function needsGlibc() {
  if (process.platform !== "linux") return;
  const report = Object.assign(process.report, { excludeNetwork: true }); // which would take seconds
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  if (header.glibcVersionRuntime) return;
  throw new Unavailable("TensorFlow needs glibc, which this system does not have");
}

/**
 * Chooses the fastest engine that this machine can have and that computes rightly, and says which and why, in one line.
 * Order: native TensorFlow from the PyPI wheel (with CUDA libraries where there is an NVIDIA GPU), the package's
 * ready-made binary, WebAssembly, plain JavaScript. Each is tried before it is chosen (./trial.mjs).
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { bindingFingerprint, buildBinding, cachedBinding, findCompiler, needsBinding } from "./binding.mjs";
import { placeBinding, tfjsPackage } from "./binding.mjs";
import { cacheFolder, onPath, readJson, SetupError, Unavailable } from "./paths.mjs";
import { fetchPrebuilt } from "./prebuilt.mjs";
import { keepRecord, knownRecord } from "./record.mjs";
import { CannotCompute, ENGINES, tryEngine } from "./trial.mjs";
import { fetchLibrary, isComplete, libraryFolder, TENSORFLOW } from "./wheel.mjs";

/** A download that failed is not tried again by every run. */
const RETRY_MS = 3600_000;

/** @typedef {import("./record.mjs").EngineRecord} EngineRecord */
/** @typedef {import("./trial.mjs").Found} Found */
/** @typedef {() => Found | Promise<Found>} Way to a native engine, which throws Unavailable where it leads nowhere */
/** @typedef {import("./paths.mjs").Say} Say */

/**
 * @param {object} request
 * @param {Say} request.say
 * @param {string} [request.forced] value of ENGINE
 * @param {boolean} request.again look again though nothing changed
 * @throws SetupError
 */
export async function setUpEngine({ say, forced, again }) {
  if (forced && !(forced in ENGINES)) {
    throw new SetupError(`ENGINE: expected one of ${Object.keys(ENGINES).join(", ")}, got "${forced}"`);
  }
  if (forced && forced !== "native") return say(`engine: ${force(forced, again)}, because ENGINE=${forced}`);
  const known = again ? undefined : knownRecord();
  const valid = known && (known.engine === "native" ? nativeStands(known) : !forced && othersStand(known));
  const record = valid ? known : await choose(say);
  if (!valid) keepRecord(record);
  if (forced && record.engine !== "native") throw impossible(forced, record.reason);
  say(line(record));
}

/**
 * Tries an engine that is there with the packages, once.
 * @param {string} engine
 * @param {boolean} again
 * @returns its name for people
 * @throws SetupError
 */
function force(engine, again) {
  const now = machine().package;
  if (again || knownRecord(engine)?.package !== now) {
    try {
      tryEngine(engine);
    } catch (error) {
      throw error instanceof Unavailable ? impossible(engine, error.message) : error;
    }
    keepRecord({ engine, reason: `ENGINE=${engine}`, package: now }, engine);
  }
  return ENGINES[engine];
}

/** @param {string} engine @param {string} why */
function impossible(engine, why) {
  return new SetupError(`ENGINE=${engine} is not possible here, because ${why}`);
}

/** @param {EngineRecord} record */
function line({ engine, reason, version, gpu }) {
  if (engine !== "native") return `engine: ${ENGINES[engine]}, because ${reason}`;
  return `engine: native TensorFlow ${version} ${gpu ? "GPU" : "CPU"}${reason ? ` (${reason})` : ""}`;
}

/** What the choice depends on and can be seen without starting a process. */
function machine() {
  const manifest = /** @type {{ version?: string } | undefined} */ (readJson(path.join(tfjsPackage, "package.json")));
  return {
    package: manifest?.version ?? "",
    tensorflow: TENSORFLOW,
    nvidia: process.platform === "linux" && (existsSync("/dev/nvidia0") || onPath("nvidia-smi") !== undefined),
    compiler: findCompiler() ?? "",
    python: process.env.PYTHON || onPath("python3", "python") || "",
    cache: cacheFolder() ?? "",
    binding: bindingFingerprint() ?? "",
  };
}

/** @param {EngineRecord} known */
function nativeStands({ machine: then = {}, libraries = [] }) {
  const { package: tfjs, tensorflow, nvidia, binding } = machine();
  const same = Object.entries({ package: tfjs, tensorflow, nvidia, binding }).every(([what, is]) => then[what] === is);
  return same && libraries.every((file) => existsSync(file));
}

/** @param {EngineRecord} known */
function othersStand(known) {
  const fresh = !known.transient || Date.now() - (known.triedAt ?? 0) < RETRY_MS;
  return fresh && JSON.stringify(known.machine) === JSON.stringify(machine());
}

/**
 * Tries the ways to a native engine in order, then the engines that come with the packages.
 * @param {Say} say
 * @returns {Promise<EngineRecord>}
 * @throws SetupError
 */
async function choose(say) {
  const { nvidia } = machine();
  /** @type {Unavailable[]} */
  const failures = [];
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
  for (const engine of ["wasm", "cpu"]) {
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
 * @param {readonly Unavailable[]} failures
 */
function reasonOf(failures) {
  const main = failures.filter((error) => !error.minor);
  return [...new Set((main.length > 0 ? main : failures.slice(0, 1)).map((error) => error.message))].join("; ");
}

/**
 * @param {boolean} nvidia
 * @param {Say} say
 * @returns {Way[]}
 */
function waysToNative(nvidia, say) {
  const inPlace = () => {
    const found = minor(() => {
      needsBinding();
      return tryEngine("native");
    });
    if (nvidia && !found.gpu)
      throw Object.assign(new Unavailable("the binding in place does not use it"), { minor: true });
    return found;
  };
  /** @type {(gpu: boolean) => Way} */
  const wheel = (gpu) => async () => {
    needsGlibc();
    await fromWheel(gpu, say);
    const found = tryEngine("native");
    if (gpu && !found.gpu) throw new Unavailable("TensorFlow does not see it (is its driver installed?)");
    return found;
  };
  const prebuilt = async () => {
    await fetchPrebuilt(nvidia, say).catch((/** @type {Error} */ error) => {
      throw Object.assign(error, { minor: true });
    });
    return minor(() => tryEngine("native"));
  };
  return [inPlace, ...(nvidia ? [wheel(true)] : []), wheel(false), prebuilt];
}

/**
 * A failure that is not what the user should hear about first, unless an engine computes wrongly.
 * @param {() => Found} action
 */
function minor(action) {
  try {
    return action();
  } catch (error) {
    throw Object.assign(/** @type {Error} */ (error), { minor: !(error instanceof CannotCompute) });
  }
}

/** @param {boolean} gpu @param {Say} say */
async function fromWheel(gpu, say) {
  const folder = libraryFolder(gpu);
  const complete = isComplete(folder);
  // Look for the compiler before 260 MB are fetched for it.
  const compiled = complete && existsSync(cachedBinding(folder));
  if (!findCompiler() && !compiled) throw new Unavailable("no C++ compiler (g++ or clang++) was found");
  if (!complete) await fetchLibrary(gpu, say);
  placeBinding(buildBinding(folder, say));
}

function needsGlibc() {
  const report = /** @type {NodeJS.ProcessReport & { excludeNetwork: boolean }} */ (process.report);
  report.excludeNetwork = true;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  if (process.platform !== "linux" || header.glibcVersionRuntime) return;
  throw new Unavailable("TensorFlow needs glibc, which this system does not have");
}

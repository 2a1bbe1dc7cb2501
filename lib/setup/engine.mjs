/**
 * Chooses the fastest engine this machine can have and says which and why, in one line. The choice is kept in
 * node_modules/.mask-dpo-engine.json, which lib/engine/backend reads: {engine, reason, version, gpu, …}.
 * Order: native TensorFlow from the PyPI wheel (with CUDA libraries where there is an NVIDIA GPU), the package's
 * ready-made binary, WebAssembly (always there).
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import {
  bindingFingerprint,
  buildBinding,
  cachedBinding,
  findCompiler,
  placeBinding,
  removeBinding,
  tfjsPackage,
  tryBinding,
} from "./binding.mjs";
import { cacheFolder, modules, onPath, readJson, SetupError, Unavailable, writeFileIfChanged } from "./paths.mjs";
import { fetchPrebuilt } from "./prebuilt.mjs";
import { fetchLibrary, isComplete, libraryFolder, TENSORFLOW } from "./wheel.mjs";

const RECORD = path.join(modules, ".mask-dpo-engine.json");
const ENGINES = { native: "native TensorFlow", wasm: "WebAssembly", cpu: "plain JavaScript", webgpu: "WebGPU" };
/** A download that failed is not tried again by every run. */
const RETRY_MS = 3600_000;

/** @param forced value of ENGINE @param again look again though nothing changed @throws SetupError */
export async function setUpEngine({ say, forced, again }) {
  if (forced && !(forced in ENGINES))
    throw new SetupError(`ENGINE: expected one of ${Object.keys(ENGINES).join(", ")}, got "${forced}"`);
  const known = readJson(RECORD);
  if (forced && forced !== "native") {
    if (!known) keep({ engine: "wasm", reason: `ENGINE=${forced}` });
    return say(`engine: ${ENGINES[forced]}, because ENGINE=${forced}`);
  }
  const valid = !again && known && (known.engine === "native" ? nativeStands(known) : !forced && wasmStands(known));
  const record = valid ? known : await choose(say);
  if (!valid) keep(record);
  if (forced && record.engine !== "native")
    throw new SetupError(`ENGINE=native is not possible here, because ${record.reason}`);
  say(line(record));
}

function line({ engine, reason, version, gpu }) {
  if (engine !== "native") return `engine: WebAssembly, because ${reason}`;
  return `engine: native TensorFlow ${version} ${gpu ? "GPU" : "CPU"}${reason ? ` (${reason})` : ""}`;
}

function keep(record) {
  writeFileIfChanged(RECORD, `${JSON.stringify({ reason: "", version: "", gpu: false, ...record }, null, 1)}\n`);
}

/** What the choice depends on and can be seen without starting a process. */
function machine() {
  return {
    package: readJson(path.join(tfjsPackage, "package.json"))?.version ?? "",
    tensorflow: TENSORFLOW,
    nvidia: process.platform === "linux" && (existsSync("/dev/nvidia0") || onPath("nvidia-smi") !== undefined),
    compiler: findCompiler() ?? "",
    python: process.env.PYTHON || onPath("python3", "python") || "",
    cache: cacheFolder() ?? "",
  };
}

function nativeStands(known) {
  const now = machine();
  return (
    known.machine?.package === now.package &&
    known.machine.tensorflow === now.tensorflow &&
    known.machine.nvidia === now.nvidia &&
    known.binding === bindingFingerprint() &&
    known.libraries.every((file) => statSync(file, { throwIfNoEntry: false }))
  );
}

function wasmStands(known) {
  const fresh = !known.transient || Date.now() - known.triedAt < RETRY_MS;
  return fresh && JSON.stringify(known.machine) === JSON.stringify(machine());
}

/** Tries the ways to a native engine in order. */
async function choose(say) {
  const now = machine();
  const failures = [];
  for (const way of waysToNative(now, say)) {
    try {
      const { version, gpu, libraries } = await way();
      const reason =
        now.nvidia && !gpu
          ? `an NVIDIA GPU was found, but ${failures.find((error) => !error.minor)?.message ?? "TensorFlow does not use it"}`
          : "";
      return { engine: "native", reason, version, gpu, libraries, binding: bindingFingerprint(), machine: now };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failures.push(error);
    }
  }
  removeBinding();
  // The wheel is the way meant for this machine: what it lacks is what the user can change.
  const main = failures.find((error) => !error.minor) ?? failures[0];
  return {
    engine: "wasm",
    reason: main.message,
    transient: failures.some((error) => error.transient),
    triedAt: Date.now(),
    machine: now,
  };
}

function waysToNative({ nvidia }, say) {
  const inPlace = () => {
    const found = minor(tryBinding);
    if (nvidia && !found.gpu)
      throw Object.assign(new Unavailable("the binding in place does not use it"), { minor: true });
    return found;
  };
  const wheel = (gpu) => async () => {
    needsGlibc();
    await fromWheel(gpu, say);
    const found = tryBinding();
    if (gpu && !found.gpu) throw new Unavailable("TensorFlow does not see it (is its driver installed?)");
    return found;
  };
  const prebuilt = async () => {
    await fetchPrebuilt(nvidia, say).catch((error) => {
      throw Object.assign(error, { minor: true });
    });
    return minor(tryBinding);
  };
  return [inPlace, ...(nvidia ? [wheel(true)] : []), wheel(false), prebuilt];
}

/** A failure that is not what the user should hear about first. */
function minor(action) {
  try {
    return action();
  } catch (error) {
    throw Object.assign(error, { minor: true });
  }
}

async function fromWheel(gpu, say) {
  const folder = libraryFolder(gpu);
  const complete = isComplete(folder);
  // Look for the compiler before 260 MB are fetched for it.
  if (!findCompiler() && !(complete && existsSync(cachedBinding(folder))))
    throw new Unavailable("no C++ compiler (g++ or clang++) was found");
  if (!complete) await fetchLibrary(gpu, say);
  placeBinding(buildBinding(folder, say));
}

function needsGlibc() {
  process.report.excludeNetwork = true;
  if (process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime)
    throw new Unavailable("TensorFlow needs glibc, which this system does not have");
}

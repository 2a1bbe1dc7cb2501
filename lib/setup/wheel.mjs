/**
 * The TensorFlow C library from the PyPI wheel, fetched with pip. A wheel whose sha256 is not the one written down
 * (./wheels.mjs) is not unpacked, wherever it came from. The NVIDIA wheels lie beside it as the library's RUNPATH
 * expects: no LD_LIBRARY_PATH.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, renameSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, readJson, Unavailable } from "./paths.mjs";
import { downloadWheel, hashOf, pythonWithPip } from "./pip.mjs";
import { TENSORFLOW, wheelsFor } from "./wheels.mjs";
import { unzip } from "./zip.mjs";

/** @import { Say } from "./paths.mjs" */
/** @import { Library, Wheel } from "./wheels.mjs" */
/** @import { Written } from "./zip.mjs" */

const LIBRARY = /^tensorflow\/libtensorflow_(cc|framework)(\.so\.2|\.2\.dylib)$/;
/** The headers the binding includes, directly or not. */
const HEADERS = [
  /^tensorflow\/include\/tensorflow\/c\/([^/]+|eager\/c_api)\.h$/,
  /^tensorflow\/include\/tensorflow\/core\/platform\/ctstring(_internal)?\.h$/,
  /^tensorflow\/include\/(external\/local_)?(xla\/){0,2}tsl\/(platform\/ctstring(_internal)?|c\/tsl_status)\.h$/,
];
/** @param {string} name */
const isOfLibrary = (name) => LIBRARY.test(name) || HEADERS.some((header) => header.test(name));
const NVIDIA_LIBRARY = /^nvidia\/.*\.so(\.|$)/;
const TAGS = ["--python-version", "311", "--implementation", "cp", "--abi", "cp311"];

/** Free bytes needed: what is unpacked, and the wheels while they are. */
const ROOM = { cpu: 1.2e9, gpu: 8.5e9 };

/**
 * The wheels for this machine.
 * @param {boolean} gpu
 * @returns {[Library, ...Wheel[]]}
 * @throws Unavailable
 */
function wheelsHere(gpu) {
  const { platform, arch } = process;
  const [library, ...more] = wheelsFor({ platform, arch, gpu });
  if (!library) throw new Unavailable(`there is no TensorFlow library for ${platform}-${arch}`);
  return [library, ...more];
}

/**
 * Where the library for this machine is, or would be, in the cache.
 * @param {boolean} gpu
 * @throws Unavailable
 */
export function libraryFolder(gpu) {
  const cache = cacheFolder();
  if (!cache) throw new Unavailable("no cache folder can be written");
  return path.join(cache, `${wheelsHere(gpu)[0].name}-${TENSORFLOW}-${process.platform}-${process.arch}`);
}

/**
 * Whether the library and all that is unpacked with it are there, byte by byte what the wheels hold.
 * @param {string} folder
 * @param {boolean} gpu
 */
export function isComplete(folder, gpu) {
  const kept = /** @type {{ name: string }[] | undefined} */ (readJson(path.join(folder, "files.json")));
  const names = Array.isArray(kept) ? kept.map(({ name }) => name) : [];
  return unpackedHash(folder, names) === wheelsHere(gpu)[0].unpacked;
}

/**
 * sha256 of what sha256sum says of these files, in order of name.
 * @param {string} folder
 * @param {string[]} names
 */
export function unpackedHash(folder, names) {
  const lines = [...names].sort().map((name) => `${hashOf(path.join(folder, name))}  ${name}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

/**
 * Fetches and unpacks the library into the cache, all or nothing.
 * @param {boolean} gpu
 * @param {Say} say
 * @throws Unavailable
 */
export async function fetchLibrary(gpu, say) {
  const folder = libraryFolder(gpu);
  const python = pythonWithPip("TensorFlow");
  const room = statfsSync(path.dirname(folder));
  const [need, free] = [ROOM[gpu ? "gpu" : "cpu"], room.bavail * room.bsize];
  if (free < need)
    throw new Unavailable(
      `${path.dirname(folder)} has ${(free / 1e9).toFixed(1)} GB left and ${(need / 1e9).toFixed(1)} are needed`,
      { transient: true },
    );
  sweep(folder);
  const tmp = `${folder}.tmp-${process.pid}`;
  mkdirSync(tmp, { recursive: true });
  try {
    /** @type {Written[]} */
    const files = [];
    const wheels = wheelsHere(gpu);
    const gigabytes = wheels.reduce((sum, { mebibytes }) => sum + mebibytes, 0) / 954;
    for (const [at, wheel] of wheels.entries()) {
      say(`setup: fetching ${wheel.name} ${wheel.version} (once; ${gigabytes.toFixed(1)} GB in all)`);
      const file = downloadWheel(python, wheel, path.join(tmp, "wheel"), tags(wheel));
      const written = await unzip(file, at === 0 ? isOfLibrary : (name) => NVIDIA_LIBRARY.test(name), tmp);
      files.push(...written);
      rmSync(path.join(tmp, "wheel"), { recursive: true });
    }
    writeFileSync(path.join(tmp, "files.json"), JSON.stringify(files));
    if (!isComplete(tmp, gpu)) throw new Unavailable("TensorFlow was not unpacked whole", { transient: true });
    if (isComplete(folder, gpu)) return folder; // another set-up was quicker
    rmSync(folder, { recursive: true, force: true });
    renameSync(tmp, folder);
    return folder;
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
}

/**
 * What pip takes this machine for: the oldest systems its libraries run on.
 * @param {Wheel} wheel
 */
function tags({ name }) {
  const platforms =
    process.platform === "darwin"
      ? ["macosx_12_0_arm64"]
      : ["manylinux_2_17", "manylinux2014", "manylinux_2_27"].map(
          (p) => `${p}_${process.arch === "arm64" ? "aarch64" : "x86_64"}`,
        );
  return [...platforms.flatMap((p) => ["--platform", p]), ...(name.startsWith("tensorflow") ? TAGS : [])];
}

/**
 * Removes what set-ups that were killed left behind.
 * @param {string} folder of the library
 */
function sweep(folder) {
  const prefix = `${path.basename(folder)}.tmp-`;
  for (const name of readdirSync(path.dirname(folder)).filter((entry) => entry.startsWith(prefix))) {
    if (!isRunning(Number(name.slice(prefix.length))))
      rmSync(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

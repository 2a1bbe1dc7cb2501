/**
 * The TensorFlow C library from the PyPI wheel, fetched with pip. The NVIDIA wheels lie beside it as the library's
 * RUNPATH expects: no LD_LIBRARY_PATH.
 */
import { mkdirSync, readdirSync, rmSync, renameSync, statfsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheFolder, readJson, Unavailable } from "./paths.mjs";
import { downloadWheel, pythonWithPip } from "./pip.mjs";
import { unzip } from "./zip.mjs";

/** @import { Say } from "./paths.mjs" */
/** @import { Written } from "./zip.mjs" */

export const TENSORFLOW = "2.20.0";

const LIBRARY = /^tensorflow\/libtensorflow_(cc|framework)(\.so\.2|\.2\.dylib)$/;
/** The headers the binding includes, directly or not. */
const HEADERS = [
  /^tensorflow\/include\/tensorflow\/c\/([^/]+|eager\/c_api)\.h$/,
  /^tensorflow\/include\/tensorflow\/core\/platform\/ctstring(_internal)?\.h$/,
  /^tensorflow\/include\/(external\/local_)?(xla\/){0,2}tsl\/(platform\/ctstring(_internal)?|c\/tsl_status)\.h$/,
];
const NVIDIA_LIBRARY = /^nvidia\/.*\.so(\.|$)/;
const NVIDIA_WHEELS = [
  "cuda-runtime",
  "cublas",
  "cudnn",
  "cufft",
  "cusolver",
  "cusparse",
  "nvjitlink",
  "cuda-cupti",
].map((name) => `nvidia-${name}-cu12${name === "cudnn" ? "<10" : "<13"}`);
const TAGS = ["--python-version", "311", "--implementation", "cp", "--abi", "cp311"];

/** Free bytes needed: what is unpacked, and the wheels while they are. */
const ROOM = { cpu: 1.2e9, gpu: 8.5e9 };

/**
 * Name of the wheel for this machine.
 * @param {boolean} gpu
 * @throws Unavailable
 */
function wheelName(gpu) {
  const { platform, arch } = process;
  if (platform === "linux" && arch === "x64") return gpu ? "tensorflow" : "tensorflow-cpu";
  if ((platform === "linux" && arch === "arm64" && !gpu) || (platform === "darwin" && arch === "arm64"))
    return "tensorflow";
  throw new Unavailable(`there is no TensorFlow library for ${platform}-${arch}`);
}

/**
 * Where the library for this machine is, or would be, in the cache.
 * @param {boolean} gpu
 * @throws Unavailable
 */
export function libraryFolder(gpu) {
  const cache = cacheFolder();
  if (!cache) throw new Unavailable("no cache folder can be written");
  return path.join(cache, `${wheelName(gpu)}-${TENSORFLOW}-${process.platform}-${process.arch}`);
}

/**
 * Whether every file of the library is there with its size.
 * @param {string} folder
 */
export function isComplete(folder) {
  const files = /** @type {Written[] | undefined} */ (readJson(path.join(folder, "files.json")));
  return (
    Array.isArray(files) &&
    files.every(({ name, size }) => statSync(path.join(folder, name), { throwIfNoEntry: false })?.size === size)
  );
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
    /** @type {[wheel: string, wanted: (name: string) => boolean][]} */
    const wheels = [
      [`${wheelName(gpu)}==${TENSORFLOW}`, (name) => LIBRARY.test(name) || HEADERS.some((header) => header.test(name))],
    ];
    if (gpu) for (const wheel of NVIDIA_WHEELS) wheels.push([wheel, (name) => NVIDIA_LIBRARY.test(name)]);
    for (const [wheel, wanted] of wheels) {
      say(`setup: fetching ${wheel} (once; ${gpu ? "3.4" : "0.3"} GB in all)`);
      const file = downloadWheel(python, wheel, path.join(tmp, "wheel"), tags(wheel));
      files.push(...(await unzip(file, wanted, tmp)));
      rmSync(path.join(tmp, "wheel"), { recursive: true });
    }
    writeFileSync(path.join(tmp, "files.json"), JSON.stringify(files));
    if (isComplete(folder)) return folder; // another set-up was quicker
    rmSync(folder, { recursive: true, force: true });
    renameSync(tmp, folder);
    return folder;
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
}

/**
 * What pip takes this machine for: the oldest systems its libraries run on.
 * @param {string} wheel
 */
function tags(wheel) {
  const platforms =
    process.platform === "darwin"
      ? ["macosx_12_0_arm64"]
      : ["manylinux_2_17", "manylinux2014", "manylinux_2_27"].map(
          (p) => `${p}_${process.arch === "arm64" ? "aarch64" : "x86_64"}`,
        );
  return [...platforms.flatMap((p) => ["--platform", p]), ...(wheel.startsWith("tensorflow") ? TAGS : [])];
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

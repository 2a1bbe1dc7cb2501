/**
 * The TensorFlow C library from the PyPI wheel, fetched with pip (so that pip's configuration, proxies and mirrors
 * hold). A wheel whose sha256 is not the one written down here (./wheels.mjs) is not unpacked, wherever it came from.
 * Nothing of Python in it is used: any Python with pip 20.3 or later will do. The NVIDIA wheels lie beside it as the
 * library's RUNPATH expects: no LD_LIBRARY_PATH.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  renameSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { cacheFolder, onPath, readJson, root, Unavailable } from "./paths.mjs";
import { TENSORFLOW, wheelsFor } from "./wheels.mjs";
import { unzip } from "./zip.mjs";

/** @import { Ended, Say } from "./paths.mjs" */
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

/** 20.3, the first that takes several platforms. */
const OLDEST_PIP = 2003;

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
 * Hex sha256 of a file, or undefined where there is none.
 * @param {string} file
 */
export function hashOf(file) {
  if (!existsSync(file)) return undefined;
  const hash = createHash("sha256");
  const piece = new Uint8Array(1 << 20);
  const fd = openSync(file, "r");
  try {
    for (let count; (count = readSync(fd, piece)) > 0;) hash.update(piece.subarray(0, count));
  } finally {
    closeSync(fd);
  }
  return hash.digest("hex");
}

/**
 * Fetches and unpacks the library into the cache, all or nothing.
 * @param {boolean} gpu
 * @param {Say} say
 * @throws Unavailable
 */
export async function fetchLibrary(gpu, say) {
  const folder = libraryFolder(gpu);
  const python = pythonWithPip();
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
      const file = download(python, wheel, path.join(tmp, "wheel"));
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

/** The first Python whose pip will do. @throws Unavailable with what is wrong with the first one found */
function pythonWithPip() {
  const places = [process.env.PYTHON, onPath("python3"), onPath("python")];
  const found = /** @type {string[]} */ (places.filter(Boolean));
  const faults = found.map(pipFault);
  const good = found.find((_, at) => faults[at] === undefined);
  if (good) return good;
  const why = faults[0] ?? "no python3 with pip was found to fetch TensorFlow with";
  throw new Unavailable(why, { transient: found.length > 0 }); // pip may come to the same Python
}

/**
 * What keeps this Python from fetching, or undefined.
 * @param {string} python
 */
function pipFault(python) {
  /** @type {Ended} */
  const { status, stdout, error } = spawnSync(python, ["-m", "pip", "--version"], { cwd: root, encoding: "utf8" });
  if (error) return `${python} does not run (${error.code})`;
  if (status !== 0) return `${python} has no pip to fetch TensorFlow with`;
  const [, version, major, minor] = /^pip ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
  if (Number(major) * 100 + Number(minor) >= OLDEST_PIP) return undefined;
  return `pip ${version ?? "of no known version"} of ${python} is too old to fetch TensorFlow with (20.3 will do)`;
}

/**
 * Runs in a folder of ours: Python would take a module `pip` from the one that the set-up was started in.
 * @param {string} python
 * @param {Wheel} wheel
 * @param {string} folder
 * @throws Unavailable
 */
function download(python, { name, version, sha256 }, folder) {
  mkdirSync(folder);
  const wanted = path.join(folder, "requirements.txt");
  writeFileSync(wanted, `${name}==${version} --hash=sha256:${sha256}\n`);
  const platforms =
    process.platform === "darwin"
      ? ["macosx_12_0_arm64"]
      : ["manylinux_2_17", "manylinux2014", "manylinux_2_27"].map(
          (p) => `${p}_${process.arch === "arm64" ? "aarch64" : "x86_64"}`,
        );
  const args = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--require-hashes",
    "--disable-pip-version-check",
    "--timeout",
    "15",
    "--retries",
    "2",
    "--only-binary=:all:",
    ...platforms.flatMap((p) => ["--platform", p]),
    ...(name.startsWith("tensorflow") ? TAGS : []),
    "-d",
    folder,
    ...(process.stdout.isTTY ? [] : ["-q"]),
    "-r",
    wanted,
  ];
  const result = spawnSync(python, args, { cwd: root, stdio: ["ignore", "inherit", "pipe"], encoding: "utf8" });
  const said = result.stderr?.trim().split("\n").pop();
  const file = result.status === 0 ? readdirSync(folder).find((entry) => entry.endsWith(".whl")) : undefined;
  if (!file)
    throw new Unavailable(`pip could not fetch ${name} (${said?.slice(0, 150) || result.error?.message})`, {
      transient: true,
    });
  const got = hashOf(path.join(folder, file));
  if (got !== sha256)
    throw new Unavailable(`${file} is not the file it should be (sha256 ${got})`, { transient: true });
  return path.join(folder, file);
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

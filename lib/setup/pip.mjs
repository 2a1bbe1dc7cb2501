/**
 * Wheels fetched with pip, so that pip's configuration, proxies and mirrors hold, and taken only where their sha256 is
 * the one that is asked for. Nothing of Python in them is used: any Python with pip 20.3 or later will do. It runs in a
 * folder of ours: Python would take a module `pip` from the one that a command was started in.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onPath, root, Unavailable } from "./paths.mjs";

/** @import { Ended } from "./paths.mjs" */

/** 20.3, the first that takes several platforms. */
const OLDEST_PIP = 2003;

/**
 * The first Python whose pip will do.
 * @param {string} what is to be fetched, for messages
 * @throws Unavailable with what is wrong with the first one found
 */
export function pythonWithPip(what) {
  const places = [process.env.PYTHON, onPath("python3"), onPath("python")];
  const found = /** @type {string[]} */ (places.filter(Boolean));
  const faults = found.map((python) => pipFault(python, what));
  const good = found.find((_, at) => faults[at] === undefined);
  if (good) return good;
  const why = faults[0] ?? `no python3 with pip was found to fetch ${what} with`;
  throw new Unavailable(why, { transient: found.length > 0 }); // pip may come to the same Python
}

/**
 * What keeps this Python from fetching, or undefined.
 * @param {string} python
 * @param {string} what
 */
function pipFault(python, what) {
  /** @type {Ended} */
  const { status, stdout, error } = spawnSync(python, ["-m", "pip", "--version"], { cwd: root, encoding: "utf8" });
  if (error) return `${python} does not run (${error.code})`;
  if (status !== 0) return `${python} has no pip to fetch ${what} with`;
  const [, version, major, minor] = /^pip ((\d+)\.(\d+)\S*)/.exec(stdout) ?? [];
  if (Number(major) * 100 + Number(minor) >= OLDEST_PIP) return undefined;
  return `pip ${version ?? "of no known version"} of ${python} is too old to fetch ${what} with (20.3 will do)`;
}

/**
 * @param {string} python
 * @param {{ name: string, version: string, sha256: string }} wheel
 * @param {string} folder
 * @param {string[]} tags what the wheel is to be for, as pip's options
 * @returns {string} the file
 * @throws Unavailable with pip's last words, or where it is another file
 */
export function downloadWheel(python, { name, version, sha256 }, folder, tags) {
  mkdirSync(folder, { recursive: true });
  const wanted = path.join(folder, "requirements.txt");
  writeFileSync(wanted, `${name}==${version} --hash=sha256:${sha256}\n`);
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
    ...tags,
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

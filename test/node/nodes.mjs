/** The Node versions this project is tried on, and how to get one: its program from the npm registry, once. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, readJson } from "../../lib/setup/paths.mjs";

/** @import { Ended } from "../../lib/setup/paths.mjs" */

/**
 * The newest of each major that the package `node` has.
 * @type {Record<string, string>}
 */
export const nodes = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };

const FETCH_MS = 10 * 60_000;

/**
 * What the registry says of the files of these packages, written down: npm checks what it gets against what the
 * registry says, and we that against this.
 */
const integrity = /** @type {Record<string, string>} */ (
  readJson(fileURLToPath(new URL("integrity.json", import.meta.url)))
);

/**
 * The program of that major, from the user's cache or fetched into it. It is the package that the package `node` would
 * install for this platform: taken directly, no script of a package runs.
 * @param {string} major one of `nodes`
 * @returns {{ program: string, missing?: undefined } | { program?: undefined, missing: string }} why it cannot be had
 */
export function nodeProgram(major) {
  const version = /** @type {string} */ (nodes[major]);
  if (process.versions.node === version) return { program: process.execPath };
  const folder = path.join(cacheFolder() ?? "", `node-${version}-${process.platform}-${process.arch}`);
  const program = path.join(folder, process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(program)) {
    const missing = fetchNode(version, folder);
    if (missing) return { missing };
  }
  /** @type {Ended} */
  const said = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (said.stdout?.trim() === `v${version}`) return { program };
  return { missing: `it does not run here (${said.error?.code ?? said.stderr.trim().split("\n").pop()})` };
}

/**
 * @param {string} version
 * @param {string} folder
 * @returns why it cannot be had, or undefined
 */
function fetchNode(version, folder) {
  const { platform, arch } = process,
    tmp = `${folder}.tmp-${process.pid}`;
  const prefix = platform === "darwin" && arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${platform === "win32" ? "win" : platform}-${arch}`;
  if (!integrity[`${name}@${version}`]) return `no hash of ${name}@${version} is written down`;
  process.stdout.write(`fetching ${name}@${version} (once)\n`);
  mkdirSync(tmp, { recursive: true });
  try {
    const npm = process.env.npm_execpath,
      quick = ["--fetch-retries=0", "--fetch-timeout=30000"];
    const flags = ["--prefix", tmp, "--no-save", "--ignore-scripts", "--loglevel=error", ...quick];
    const args = ["install", ...flags, `${name}@${version}`];
    /** @type {import("node:child_process").SpawnSyncOptionsWithStringEncoding} */
    const options = { cwd: tmp, encoding: "utf8", timeout: FETCH_MS };
    const result = npm?.endsWith(".js")
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync("npm", args, { ...options, shell: platform === "win32" });
    if (result.status !== 0) return `npm could not fetch it (${npmError(result)})`;
    const got = integrityOf(tmp, name);
    if (got !== integrity[`${name}@${version}`]) return `it is not the file it should be (${got})`;
    rmSync(folder, { recursive: true, force: true });
    renameSync(path.join(tmp, "node_modules", name, "bin"), folder); // the rest is headers and manuals
    return undefined;
  } finally {
    rmSync(tmp, { recursive: true, force: true });
  }
}

/**
 * Of what npm installed there.
 * @param {string} folder
 * @param {string} name
 */
function integrityOf(folder, name) {
  const lock = path.join(folder, "node_modules/.package-lock.json");
  const found = /** @type {{ packages?: Record<string, { integrity?: string }> } | undefined} */ (readJson(lock));
  return found?.packages?.[`node_modules/${name}`]?.integrity;
}

/**
 * The telling line of what npm said.
 * @param {Ended} ended
 */
function npmError({ error, stderr }) {
  return error?.code ?? /^npm error (?!code|errno|syscall|A complete)(.+)/m.exec(stderr)?.[1] ?? "see npm";
}

/** `npm ci`, when what is installed differs from package-lock.json. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { modules, readJson, root, SetupError } from "./paths.mjs";

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} Entry of a lock file */

/**
 * @param {import("./paths.mjs").Say} say
 * @throws SetupError when npm fails
 */
export function setUpPackages(say) {
  const why = differs();
  if (!why) return;
  say(`setup: installing packages with npm ci (${why})`);
  // Under `npm run` npm says where it is, so that the same npm is used; its shell form is for Windows and bare calls.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  /** @type {import("node:child_process").SpawnSyncOptions} */
  const options = { cwd: root, stdio: ["ignore", "inherit", "inherit"] };
  const result = npm?.endsWith(".js")
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (result.status !== 0)
    throw new SetupError(
      `npm ci failed (${result.error?.message ?? `exit code ${result.status}`}); see its messages above`,
    );
}

/** What first differs between the lock file and what npm recorded as installed, in words. */
function differs() {
  const wanted = entries(path.join(root, "package-lock.json"));
  const installed = entries(path.join(modules, ".package-lock.json"));
  if (!wanted) throw new SetupError("package-lock.json is missing or not JSON; restore it from the repository");
  if (!installed) return "nothing is installed yet";
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === "" || entry.optional || entry.devOptional) continue;
    if (installed[name]?.version !== entry.version)
      return `${name.replace(/^node_modules\//, "")} is not at ${entry.version}`;
  }
  return undefined;
}

/**
 * What a lock file lists, by place.
 * @param {string} file
 */
function entries(file) {
  return /** @type {{ packages?: Record<string, Entry> } | undefined} */ (readJson(file))?.packages;
}

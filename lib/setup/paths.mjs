/** Places on this machine, and small file helpers of the set-up. */
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {(text: string) => void} Say takes a line for the user */
/**
 * How a process ended; `error` where it could not be started or was given up.
 * @typedef {import("node:child_process").SpawnSyncReturns<string> & { error?: NodeJS.ErrnoException }} Ended
 */

/** An error whose message is for the user. */
export class SetupError extends Error {}

/** Why something optional cannot be had. */
export class Unavailable extends Error {
  /** @param {string} message */
  constructor(message, { transient = false } = {}) {
    super(message);
    /** Whether it may be had later (network). */
    this.transient = transient;
    /** Whether other failures are what the user should hear about first. */
    this.minor = false;
  }
}

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const modules = path.join(root, "node_modules");

/**
 * A folder for downloads and builds that survives `npm ci`: the user's cache, or the project where that is read-only.
 */
export function cacheFolder() {
  const user = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "mask-dpo-lab");
  return [user, path.join(root, ".cache")].find(isWritable);
}

/**
 * Whether the folder exists, or can be made, and takes files.
 * @param {string} folder
 */
function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * First executable file of that name on PATH, or undefined. No process is started.
 * @param {string[]} names
 */
export function onPath(...names) {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  for (const name of names) {
    for (const folder of folders) {
      const file = path.resolve(folder, process.platform === "win32" ? `${name}.exe` : name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

/**
 * The parsed file, or undefined when there is none or it is not JSON.
 * @param {string} file
 * @returns {unknown}
 */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file whole or not at all; does nothing when it holds that text already.
 * @param {string} file
 * @param {string} text
 */
export function writeFileIfChanged(file, text) {
  try {
    if (readFileSync(file, "utf8") === text) return;
  } catch {
    // not there yet
  }
  mkdirSync(path.dirname(file), { recursive: true });
  const tmp = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(tmp, text);
    renameSync(tmp, file);
  } finally {
    rmSync(tmp, { force: true });
  }
}

/**
 * The clones of this project that its user set up on this machine: in the user's own cache, where what comes with a
 * notebook or an archive cannot say that it is one of them.
 */
import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { root, writeFileIfChanged } from "./paths.mjs";

function file() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "mask-dpo-lab/clones.json");
}

/** Real paths. @returns {string[]} */
export function knownClones() {
  try {
    if (process.getuid && statSync(file()).uid !== process.getuid()) return [];
    /** @type {unknown} */
    const known = JSON.parse(readFileSync(file(), "utf8"));
    return Array.isArray(known) ? known.filter((folder) => typeof folder === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string} folder */
export function isKnownClone(folder) {
  return knownClones().includes(real(folder));
}

/** Remembers this clone, and forgets those that are gone. @param {import("./paths.mjs").Say} say */
export function rememberClone(say) {
  try {
    mkdirSync(path.dirname(file()), { recursive: true });
    const here = real(root);
    const others = knownClones().filter((folder) => folder !== here && real(folder) === folder);
    writeFileIfChanged(file(), `${JSON.stringify([...others, here].sort(), null, 1)}\n`);
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    say(
      `setup: ${file()} cannot be written (${code ?? message}); notebooks of other clones run with this one's kernel`,
    );
  }
}

/**
 * @param {string} folder
 * @returns its real path, or "" where there is nothing
 */
function real(folder) {
  try {
    return realpathSync(folder);
  } catch {
    return "";
  }
}

/**
 * Preloaded (`--require`) or required before the first TypeScript file of a process: lets Node load TypeScript.
 * tsx would also read every file of every package for module syntax, a third of the time in which a command starts;
 * here those that are CommonJS, as nearly all are, go to Node as they are.
 */
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

/** @typedef {(module: object, file: string) => void} Loader */
const loaders = /** @type {{ _extensions: Record<".js", Loader> }} */ (/** @type {unknown} */ (Module))._extensions;

const asItIs = loaders[".js"];
/** @type {typeof import("tsx/cjs/api")} */ (require("tsx/cjs/api")).register();
const translated = loaders[".js"];

/** @type {Map<string, boolean>} */
const kinds = new Map();

/**
 * Whether files of a folder are ES modules: as its package.json says, or that of the next folder above that has one.
 * @param {string} folder
 * @returns {boolean}
 */
function holdsModules(folder) {
  const known = kinds.get(folder);
  if (known !== undefined) return known;
  const file = path.join(folder, "package.json");
  const holds = existsSync(file) ? typeOf(file) === "module" : holdsModules(path.dirname(folder));
  kinds.set(folder, holds);
  return holds;
}

/** @param {string} manifest a package.json */
function typeOf(manifest) {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(manifest, "utf8"));
  return /** @type {{ type?: string }} */ (parsed).type;
}

/**
 * Also what Node asks for .cjs.
 * @type {Loader}
 */
const load = (module, file) => {
  const common =
    file.includes(`${path.sep}node_modules${path.sep}`) && (file.endsWith(".cjs") || !holdsModules(path.dirname(file)));
  return (common ? asItIs : translated)(module, file);
};
loaders[".js"] = load;

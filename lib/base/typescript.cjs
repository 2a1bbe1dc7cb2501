/**
 * Preloaded (`--require`) or required before the first TypeScript file of a process: lets Node load TypeScript.
 * tsx would also read every file of every package for module syntax, a third of the time in which a command starts;
 * here those that are CommonJS, as nearly all are, go to Node as they are.
 */
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const path = require("node:path");

/** @typedef {(module: NodeJS.Module, file: string) => unknown} Load */
/** How Node loads a file, by its ending; its types do not say so. */
const Module = /** @type {typeof import("node:module") & { _extensions: { ".js": Load } }} */ (require("node:module"));

const asItIs = Module._extensions[".js"];
withTsconfig(path.join(__dirname, "typescript.json"), () => require("tsx/cjs/api").register());
const translated = Module._extensions[".js"];

/**
 * tsx would take the tsconfig.json of the folder that a process starts in, and with it aliases that put other code in
 * the place of packages.
 * @param {string} file
 * @param {() => void} work
 */
function withTsconfig(file, work) {
  const { TSX_TSCONFIG_PATH: before } = process.env;
  process.env.TSX_TSCONFIG_PATH = file;
  work();
  if (before === undefined) delete process.env.TSX_TSCONFIG_PATH;
  else process.env.TSX_TSCONFIG_PATH = before;
}

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
  const about = existsSync(file) && /** @type {{ type?: string }} */ (JSON.parse(readFileSync(file, "utf8")));
  const holds = about ? about.type === "module" : holdsModules(path.dirname(folder));
  kinds.set(folder, holds);
  return holds;
}

/**
 * Also what Node asks for .cjs.
 * @type {Load}
 */
Module._extensions[".js"] = (module, file) => {
  const common =
    file.includes(`${path.sep}node_modules${path.sep}`) && (file.endsWith(".cjs") || !holdsModules(path.dirname(file)));
  return (common ? asItIs : translated)(module, file);
};

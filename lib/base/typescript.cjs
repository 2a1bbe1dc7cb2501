/**
 * Preloaded (`--require`) or required before the first TypeScript file of a process: lets Node load TypeScript.
 * tsx would also read every file of every package for module syntax, a third of the time in which a command starts;
 * here those that are CommonJS, as nearly all are, go to Node as they are.
 */
"use strict";
const { existsSync, readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const asItIs = Module._extensions[".js"];
require("tsx/cjs/api").register();
const translated = Module._extensions[".js"];

const kinds = new Map();

/** Whether files of a folder are ES modules: as its package.json says, or that of the next folder above that has one. */
function holdsModules(folder) {
  if (!kinds.has(folder)) {
    const file = path.join(folder, "package.json");
    kinds.set(
      folder,
      existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).type === "module" : holdsModules(path.dirname(folder)),
    );
  }
  return kinds.get(folder);
}

/** Also what Node asks for .cjs. */
Module._extensions[".js"] = (module, file) => {
  const common =
    file.includes(`${path.sep}node_modules${path.sep}`) && (file.endsWith(".cjs") || !holdsModules(path.dirname(file)));
  return (common ? asItIs : translated)(module, file);
};

/** The thread in which cells are type-checked, so that the kernel answers, and loads what a cell imports, meanwhile. */
"use strict";
const name = "@tslab/typescript-for-tslab";
/** @type {(id: string) => unknown} */
const load = require;
const typescript = /** @type {object} */ (load(name));
// Its functions are read-only; compiler.ts replaces some of them, so tslab gets a copy that can be written to.
const loaded = require.cache[require.resolve(name)];
if (loaded) loaded.exports = { ...typescript };
load("../../base/typescript.cjs");
load("./answers.ts");

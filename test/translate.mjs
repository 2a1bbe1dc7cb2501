/**
 * Translates every TypeScript file once, into tsx's cache, where the processes that tests start find it: each would
 * otherwise start a translator of its own for the few files that no process before it has loaded.
 *
 *   node --require ./lib/base/typescript.cjs test/translate.mjs
 */
import { readdirSync } from "node:fs";
import Module from "node:module";
import path from "node:path";
import { root } from "../lib/setup/paths.mjs";

/** @typedef {(module: { _compile: () => void }, file: string) => void} Load hands the translation to `_compile` */
const { _extensions: load } = /** @type {typeof import("node:module") & { _extensions: Record<string, Load> }} */ (
  Module
);

for (const folder of ["lib", "test"])
  for (const entry of readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }))
    if (entry.endsWith(".ts")) load[".ts"]?.({ _compile: () => undefined }, path.join(root, folder, entry));

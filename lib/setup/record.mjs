/**
 * Which engine was chosen: node_modules/.mask-dpo-engine.json, {tried: {"<where>": {engine, reason, version, gpu}}}.
 * lib/engine/backend follows it. Another Node or processor may compute with another engine, so each has its own.
 */
import os from "node:os";
import path from "node:path";
import { modules, readJson, writeFileIfChanged } from "./paths.mjs";

const FILE = path.join(modules, ".mask-dpo-engine.json");

/** What an engine was tried on, as lib/engine/backend spells it too. */
const here = `${process.version} ${process.platform}-${process.arch} ${os.cpus()[0]?.model.trim() ?? ""}`;

/**
 * @typedef {object} EngineRecord what was tried and chosen
 * @property {string} engine
 * @property {string} reason
 * @property {string} [version] of native TensorFlow, like the next two
 * @property {boolean} [gpu]
 * @property {string[]} [libraries] files it loads
 * @property {boolean} [transient] whether a faster engine may be had later
 * @property {number} [triedAt] ms since 1970
 * @property {Record<string, unknown>} [machine] what the choice depends on
 * @property {string} [package] version tried, of a forced engine
 */

/** @returns {Record<string, EngineRecord>} */
function tried() {
  return /** @type {{ tried?: Record<string, EngineRecord> } | undefined} */ (readJson(FILE))?.tried ?? {};
}

/** @param {string} [forced] the engine that ENGINE names */
export function knownRecord(forced) {
  return tried()[key(forced)];
}

/** @param {EngineRecord} record @param {string} [forced] the engine that ENGINE names */
export function keepRecord(record, forced) {
  const now = { ...tried(), [key(forced)]: { version: "", gpu: false, ...record } };
  writeFileIfChanged(FILE, `${JSON.stringify({ tried: now }, null, 1)}\n`);
}

/** @param {string} [forced] */
function key(forced) {
  return forced ? `${here} ENGINE=${forced}` : here;
}

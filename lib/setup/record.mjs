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
 * @param {string} [forced] the engine that ENGINE names
 * @returns {unknown}
 */
export function knownRecord(forced) {
  return tried()?.[key(forced)];
}

/**
 * @param {object} record
 * @param {string} [forced] the engine that ENGINE names
 */
export function keepRecord(record, forced) {
  const kept = { ...tried(), [key(forced)]: { reason: "", version: "", gpu: false, ...record } };
  writeFileIfChanged(FILE, `${JSON.stringify({ tried: kept }, null, 1)}\n`);
}

function tried() {
  return /** @type {{ tried?: Record<string, unknown> } | undefined} */ (readJson(FILE))?.tried;
}

/** @param {string} [forced] */
function key(forced) {
  return forced ? `${here} ENGINE=${forced}` : here;
}

/** Which edited modules are forgotten, and which are said to be old. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { LoadedModules } from "../../lib/kernel/modules";
import { scratch } from "../golden/fixtures";

test("the user's are forgotten with what imports them, the library's are said once an edit", (t) => {
  const root = scratch(t);
  const file = (name: string): string => path.join(root, `${name}.cjs`);
  const write = (name: string, text: string): string => {
    mkdirSync(path.dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
    return file(name);
  };
  write("lib/own", "exports.n = 1;");
  write("mine/low", "exports.n = 1;");
  write("mine/high", 'exports.n = () => require("./low.cjs").n; exports.n();');
  write("mine/apart", "exports.made = {};");
  write("node_modules/package/index", "exports.n = 1;");
  const load = (name: string): { n: unknown; made?: object } => require(file(name)) as { n: unknown };
  const loaded = new LoadedModules(root);
  const all = ["lib/own", "mine/low", "mine/high", "mine/apart", "node_modules/package/index"];
  const before = all.map(load);
  loaded.remember();
  assert.deepEqual(loaded.refresh(), []);
  for (const name of all.filter((name) => name !== "mine/high" && name !== "mine/apart"))
    write(name, "exports.n = 22;");
  assert.deepEqual(loaded.refresh(), [file("lib/own")]);
  const now = all.map(load);
  assert.deepEqual(
    now.map((module, i) => module === before[i]),
    [true, false, false, true, true],
  );
  assert.equal(now[1]!.n, 22);
  loaded.remember();
  assert.deepEqual(loaded.refresh(), []);
  assert.deepEqual(loaded.ofLibrary(), [file("lib/own")]);
});

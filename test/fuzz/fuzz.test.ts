/** A short, seeded run of `npm run fuzz` over every reader, and that it finds what is wrong with faulty ones. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { scratch } from "../golden/fixtures";
import { targets as faulty } from "./faulty";
import { fuzz } from "./fuzzer";
import { targets } from "./targets";

test("spoilt files end well or with a message for users, whoever reads them", { timeout: 300_000 }, async (t) => {
  const names = targets.map(({ name }) => name);
  const { findings, cases } = await fuzz({
    targets: path.join(__dirname, "targets.ts"),
    names,
    seed: "npm test",
    keep: scratch(t),
    hangMs: 60_000, // of a busy machine
    batch: 6,
    more: (batches) => batches < names.length,
  });
  assert.deepEqual(findings, []);
  assert.equal(cases, 6 * names.length);
});

test("a stack, a stray rejection, an endless loop and an end are found, and their files kept", async (t) => {
  const names = faulty.map(({ name }) => name);
  const { findings } = await fuzz({
    targets: path.join(__dirname, "faulty.ts"),
    names,
    seed: "faulty",
    keep: scratch(t),
    hangMs: 500,
    batch: 1,
    more: (batches) => batches < names.length,
  });
  const found = new Map(findings.map(({ target, wrong }) => [target, wrong]));
  assert.deepEqual([...found.keys()], ["throws", "rejects later", "hangs", "dies"]);
  assert.match(found.get("throws")!, /^TypeError: x is undefined/);
  assert.match(found.get("rejects later")!, /^a rejection that nobody handled: Error: nobody waits/);
  assert.equal(found.get("hangs"), "no end after 0.5 s");
  assert.equal(found.get("dies"), "the process died (3)");
  for (const { file } of findings) assert.ok(existsSync(file), file);
});

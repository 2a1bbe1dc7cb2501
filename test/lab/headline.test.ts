/** Headline numbers survive their file, and the closing table says which run they are of. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { paperVersusHere, recordNumbers } from "../../lib/lab/headline";
import { preset } from "../../lib/lab/preset";
import type { Session } from "../../lib/lab/session";
import { toText } from "../../lib/show/table";
import { scratch, userError } from "../golden/fixtures";

const session = (t: TestContext): Session =>
  ({
    figures: scratch(t),
    preset: preset("smoke"),
    seed: 3,
    engine: { name: "wasm", description: "" },
  }) as unknown as Session;

test("numbers of several notebooks stand in one table, in order", (t) => {
  const run = session(t);
  recordNumbers(run, "06-best-of-n", [{ what: "best of 256", paper: 90.12, here: 71.5, unit: "%" }]);
  recordNumbers(run, "02-masked-dpo-training", [
    { what: "score", paper: 77.53, here: { value: 61.25, low: 58, high: 64.5 }, unit: "%" },
    { what: "steps", paper: null, here: 3, unit: "" },
  ]);
  const table = paperVersusHere(run.figures);
  assert.deepEqual(
    table.rows.map(({ notebook, what, paper, here }) => [notebook, what, paper, here]),
    [
      ["02-masked-dpo-training", "score", 77.53, { value: 61.25, low: 58, high: 64.5 }],
      ["02-masked-dpo-training", "steps", null, 3],
      ["06-best-of-n", "best of 256", 90.12, 71.5],
    ],
  );
  assert.match(table.caption, /preset smoke, seed 3, engine wasm/);
  assert.match(toText(table), /77\.53 +61\.25 \[58\.00, 64\.50\]/);
});

test("what could not be measured is a dash, not a broken file", (t) => {
  const run = session(t);
  recordNumbers(run, "01-x", [
    { what: "one topic", paper: 1, here: { value: 5, low: NaN, high: NaN }, unit: "%" },
    { what: "no answer", paper: 1, here: NaN, unit: "%" },
  ]);
  assert.deepEqual(
    paperVersusHere(run.figures).rows.map(({ here }) => here),
    [5, null],
  );
  toText(paperVersusHere(run.figures));
});

test("figures of runs of different size are told apart; a damaged file is named; none gives no row", (t) => {
  const run = session(t);
  recordNumbers(run, "01-x", []);
  recordNumbers({ ...run, seed: 4 }, "02-x", []);
  recordNumbers(run, "03-x", [{ what: "score", paper: 1, here: 2, unit: "%" }]);
  const table = paperVersusHere(run.figures);
  assert.match(table.caption, /seed 3, engine wasm; preset smoke, seed 4/);
  assert.match(toText(table), /score .+preset smoke, seed 3, engine wasm/);
  writeFileSync(
    path.join(run.figures, "02-x-numbers.json"),
    readFileSync(path.join(run.figures, "01-x-numbers.json"), "utf8").replace("{", '{"more":1,'),
  );
  assert.throws(() => paperVersusHere(run.figures), userError(/02-x-numbers\.json: .+got unknown keys "more"/));
  assert.deepEqual(paperVersusHere(path.join(run.figures, "none")).rows, []);
});

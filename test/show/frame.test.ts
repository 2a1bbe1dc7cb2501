import assert from "node:assert/strict";
import { test } from "node:test";
import { frameBundle, frameRows, summarise, toFrame } from "../../lib/show/frame";

const rows = [
  { policy: "base", mask: "a-b", topic: "007", score: 0.5, n: 3, greedy: true },
  { policy: "base", mask: "a-b", topic: "12", score: 0.75, n: 4, greedy: false },
  { policy: "base-a", mask: "b", topic: "x", score: 1, n: 5, greedy: true },
];

test("types are those of the values, not guessed: texts stay texts, late fractions stay fractions", () => {
  const frame = toFrame(rows);
  assert.deepEqual(frame.columns, ["policy", "mask", "topic", "score", "n", "greedy"]);
  assert.deepEqual(frame.dtypes, ["string", "string", "string", "float32", "int32", "boolean"]);
  assert.deepEqual(frameRows(frame), rows);
  assert.deepEqual(toFrame(Array.from({ length: 100 }, (_, i) => ({ v: i < 99 ? 1 : 1.5 }))).dtypes, ["float32"]);
});

test("key order does not matter; ragged rows, mixed types, NaN, method names and emptiness are refused", () => {
  assert.deepEqual(
    toFrame([
      { a: 1, b: 2 },
      { b: 20, a: 10 },
    ]).values,
    [
      [1, 2],
      [10, 20],
    ],
  );
  const ragged: Record<string, number>[] = [{ a: 1, b: 2 }, { a: 1 }];
  assert.throws(() => toFrame(ragged), /row 2: expected the columns of the first row \("a", "b"\), got no "b"/);
  assert.throws(() => toFrame([{ a: 1 }, { a: 1, c: 2 }]), /got also "c"/);
  assert.throws(() => toFrame([{ a: 1 }, { a: "x" }]), /column "a".*number and string/);
  assert.throws(() => toFrame([{ a: NaN }]), /got NaN/);
  assert.throws(() => toFrame([{ shape: 1 }]), /"shape"/);
  assert.throws(() => toFrame([]), /at least one row/);
});

test("groups are told apart by all keys, stay in order, and agree with plain arithmetic", () => {
  const more = [...rows, { policy: "base", mask: "a-b", topic: "y", score: 1, n: 8, greedy: true }];
  assert.deepEqual(frameRows(summarise(more, ["policy", "mask"], ["score"])), [
    { policy: "base", mask: "a-b", "score mean": 0.75, "score std": 0.25, "score n": 3 },
    { policy: "base-a", mask: "b", "score mean": 1, "score std": null, "score n": 1 },
  ]);
  assert.deepEqual(
    frameRows(
      summarise(
        [
          { k: 10, v: 1 },
          { k: 9, v: 2 },
        ],
        ["k"],
        ["v"],
      ),
    ).map((row) => row.k),
    [10, 9],
  );
  assert.deepEqual(
    frameRows(
      summarise(
        [
          { k: "__proto__", v: 1 },
          { k: "constructor", v: 2 },
        ],
        ["k"],
        ["v"],
      ),
    ).map((row) => row["v mean"]),
    [1, 2],
  );
  assert.throws(() => summarise([{ k: "a", v: null }], ["k"], ["v"]), /a number in every row of "v"/);
});

test("the display is escaped, cut to the first rows, and shows missing values as a dash", () => {
  const frame = toFrame(
    Array.from({ length: 30 }, (_, i) => ({ name: `<b>${i}</b>`, score: i / 8, seen: i === 0 ? null : i })),
  );
  const { html, text } = frameBundle(frame, "Pairs", { maxRows: 2 });
  assert.ok(html!.includes("&lt;b&gt;1&lt;/b&gt;") && !html!.includes("<b>") && !html!.includes("&lt;b&gt;2"));
  assert.match(text, /first 2 of 30 rows/);
  assert.match(text, /<b>0<\/b>\s+0\.000\s+–/);
});

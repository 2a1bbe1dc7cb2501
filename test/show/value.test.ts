/** What a cell's last value is shown as. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { toFrame } from "../../lib/show/frame";
import { html } from "../../lib/show/display";
import { mimeOf } from "../../lib/show/value";

const text = async (value: unknown): Promise<unknown> => (await mimeOf(value))["text/plain"];

test("plain values are their text, and rows of one's own are not taken for something else", async () => {
  assert.equal(await text("as it is"), "as it is");
  assert.equal(await text(3n), "3n");
  assert.equal(await text({ text: "a row" }), "{ text: 'a row' }");
  assert.equal(await text({ name: "x", data: [1] }), "{ name: 'x', data: [ 1 ] }");
  for (const value of [new Set([1]), () => 1, /x/, new Date(0), {}])
    assert.deepEqual(Object.keys(await mimeOf(value)), ["text/plain"]);
});

test("a value says itself how it is shown, as in Deno", async () => {
  const own = { [Symbol.for("Jupyter.display")]: () => Promise.resolve({ "text/html": "<b>x</b>" }) };
  assert.deepEqual(await mimeOf(own), { "text/html": "<b>x</b>" });
  class Vector {
    constructor(private readonly x: number) {}
    [Symbol.for("Jupyter.display")](): Record<string, unknown> {
      return { "text/plain": `x = ${this.x}`, "image/png": Buffer.from("abc") };
    }
  }
  assert.deepEqual(await mimeOf(new Vector(2)), { "text/plain": "x = 2", "image/png": "YWJj" });
  const broken = {
    [Symbol.for("Jupyter.display")]() {
      throw new Error("cannot be shown");
    },
  };
  await assert.rejects(mimeOf(broken), /cannot be shown/);
  assert.equal((await mimeOf(html`<i>${1 + 1}</i>`))["text/html"], "<i>2</i>");
});

test("MIME bundles, our bundles and tables", async () => {
  assert.deepEqual(await mimeOf({ "text/html": "<p>", "text/plain": "p" }), { "text/html": "<p>", "text/plain": "p" });
  assert.deepEqual(await mimeOf({ text: "t", html: "<t>" }), { "text/html": "<t>", "text/plain": "t" });
  const table = { name: "n", caption: "Two", columns: [{ key: "a", label: "A" }], rows: [{ a: 1 }, { a: 2 }] };
  const shown = await mimeOf(table);
  assert.match(String(shown["text/html"]), /<table[^]+Two[^]+<td[^>]*>2</);
  assert.match(String(shown["text/plain"]), /^Two\n *A\n/);
});

test("frames and series, with an index that says something, and small numbers", async () => {
  const frame = toFrame([
    { town: "Brno", share: 0.00012345678 },
    { town: "Lima", share: null },
  ]);
  const shown = await mimeOf(frame);
  assert.match(
    String(shown["text/plain"]),
    /^DataFrame, 2 rows x 2 columns\ntown +share\n-+ +-+\nBrno +0\.000123457\n/,
  );
  assert.match(String(shown["text/html"]), /<td[^>]*>Brno</);
  assert.match(String(await text(frame.sortValues("town", { ascending: false }))), /\n1 +Lima +.+\n0 +Brno /);
  assert.match(String(await text(frame.town)), /^Series, 2 rows x 1 columns?\n.+\n-+\nBrno\nLima$/);
  const long = toFrame(Array.from({ length: 30 }, (_, n) => ({ n })));
  assert.match(String(await text(long)), /^DataFrame, 30 rows x 1 columns?, the first 20 of them\n/);
});

test("tensors, typed arrays, maps and images", async () => {
  const tensor = tf.tensor2d([[0.5, 2]]);
  assert.match(
    String(await text(tensor)),
    /dtype: float32\n.+rank: 2\n.+shape: \[1,2\]\n.+values:\n.+\[\[0\.5, 2\],\]/,
  );
  tensor.dispose();
  assert.equal(await text(tensor), "Tensor, disposed; it was float32 [1, 2]");
  assert.equal(await text(Float32Array.of(0.1, 1 / 3, NaN, 2)), "Float32Array(4) [ 0.1, 0.33333334, NaN, 2 ]");
  assert.match(
    String(await text(new Float32Array(3000))),
    /^Float32Array\(3000\) \[\n[^]+ 0,\n {2}\.\.\. 2900 more items\n\]$/,
  );
  assert.equal(await text(Int32Array.of(1, 2)), "Int32Array(2) [ 1, 2 ]");
  const map = await mimeOf(new Map([["a", 1]]));
  assert.equal(map["text/plain"], "Map(1) { 'a' => 1 }");
  assert.match(String(map["text/html"]), /Map, 1 row[^s][^]+<td[^>]*>a<[^]+<td[^>]*>1</);
  assert.deepEqual(Object.keys(await mimeOf(new Map([["a", { b: 1 }]]))), ["text/plain"]);
  const png = Buffer.from("89504e470d0a1a0a00", "hex");
  assert.deepEqual(await mimeOf(png), { "image/png": png.toString("base64"), "text/plain": "image/png, 9 bytes" });
  assert.deepEqual(Object.keys(await mimeOf(Buffer.from("text"))), ["text/plain"]);
});

test("elements of a document are shown, not their insides", async () => {
  const shown = await mimeOf({ outerHTML: "<p>x</p>", parent: {} });
  assert.equal(shown["text/html"], "<p>x</p>");
});

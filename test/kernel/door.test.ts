/** What a notebook's first import loads: not the packages that only some of the library needs, and late. */
import assert from "node:assert/strict";
import { test } from "node:test";
import "../../lib";

test("the library's door loads no package for drawing, data frames, other files or compiling", () => {
  const loaded = Object.keys(require.cache).flatMap(
    (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
  );
  assert.ok(loaded.includes("zod") && loaded.includes("@tensorflow/tfjs-core"), "it was not seen what is loaded");
  const late = ["danfojs-node", "fontkit", "jsdom", "pdfkit", "playwright-core", "plotly.js", "subset-font", "tslab"];
  const more = ["@resvg/resvg-js", "@sparticuz/chromium", "hyparquet", "node-sqlite3-wasm", "typescript"];
  assert.deepEqual(
    [...late, ...more].filter((name) => loaded.includes(name)),
    [],
  );
});

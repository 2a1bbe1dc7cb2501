/** Pages made of documents and notebooks, and what goes into a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { halfFloat, nearestHalf } from "../../lib/base/float16";
import { unpacked } from "../../lib/site/atlas/packed";
import { browserScript } from "../../lib/show/browser/browserScript";
import { renderMarkdown } from "../../lib/site/markdown";
import { notebookHtml } from "../../lib/site/notebookPages";
import { sitePage } from "../../lib/site/shell";

test("half precision is the nearest there is", () => {
  for (let bits = 0; bits < 0x7c01; bits++) {
    assert.equal(nearestHalf(halfFloat(bits)), bits);
    assert.equal(nearestHalf(-halfFloat(bits)), bits | 0x8000);
  }
  for (let bits = 0; bits < 0x7bff; bits += 7) {
    const [low, high] = [halfFloat(bits), halfFloat(bits + 1)];
    assert.equal(nearestHalf((low + high) / 2), bits % 2 === 0 ? bits : bits + 1, "of two, the even one");
    assert.equal(nearestHalf(low + 0.51 * (high - low)), bits + 1);
    assert.equal(nearestHalf(low + 0.49 * (high - low)), bits);
  }
  assert.equal(nearestHalf(1e6), 0x7c00);
  assert.ok(Number.isNaN(halfFloat(nearestHalf(NaN))));
});

test("bytes come out of a script as they went in", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) % 251);
  assert.deepEqual(await unpacked(gzipSync(bytes).toString("base64")), bytes);
});

test("code that needs Node is refused by name", async () => {
  await assert.rejects(browserScript("lib/base/files.ts"), /lib.base.files\.ts needs node:fs, which no browser has/);
});

test("links of documents lead into the site, and what it has not is no link", () => {
  const text = [
    "# One *title*",
    "<!-- hidden -->",
    "[notebook](notebooks/00-overview.ipynb), [rooms](lib/README.md#the-house), [code](lib/index.ts),",
    "| a | b |\n| :- | -: |\n| 1 | 2 |",
    "$\\mathcal{L} = a_i b_j$ costs $5 or $6",
    "![drawing](figures/02-steps.svg) <b>no markup</b> [away](https://example.org/)",
  ].join("\n\n");
  const { html, title, linked } = renderMarkdown(text, "README.md", "docs/index.html");
  assert.equal(title, "One title");
  assert.match(html, /<h1 id="one-title">/);
  assert.match(html, /<a href="\.\.\/notebooks\/00-overview\.html">notebook<\/a>/);
  assert.match(html, /<a href="\.\.\/docs\/lib\/README\.html#the-house">rooms<\/a>, <span>code<\/span>/);
  assert.match(html, /<td class="left">1<\/td>\s*<td class="right">2<\/td>/);
  assert.match(html, /<img src="\.\.\/figures\/02-steps\.svg" alt="drawing">/);
  assert.match(html, /&lt;b&gt;no markup&lt;\/b&gt; <a href="https:\/\/example\.org\/">/);
  assert.match(
    html,
    /<math [^]*<msub><mi class="letter">a<\/mi><mi class="letter">i<\/mi><\/msub>[^]*costs \$5 or \$6/,
  );
  assert.doesNotMatch(html, /hidden/);
  assert.deepEqual(linked, ["notebooks/00-overview.ipynb", "lib/README.md", "figures/02-steps.svg"]);
});

test("outputs of notebooks run nothing, and known figures are those of the figures folder", () => {
  const html =
    '<p onclick="x()">table</p><script>x()</script><iframe src="x"></iframe>' +
    '<a href="../figures/results.json">numbers</a>' +
    '<div data-lab-figure="02-steps"><img alt="steps" src="data:,"></div><div data-lab-figure="../x">own</div>';
  const cell = { cell_type: "code" as const, metadata: {}, source: "run(1 < 2)" };
  const outputs = [{ output_type: "display_data", data: { "text/html": [html], "text/plain": "plain" } }];
  const text = { cell_type: "markdown" as const, metadata: {}, source: "# Title\n\nSome **lead**." };
  const cells = [text, { ...cell, outputs }];
  const page = notebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }, "notebooks/00-overview.ipynb");
  assert.deepEqual([page.title, page.lead], ["Title", "Some lead."]);
  assert.match(page.html, /<code>run\(1 &lt; 2\)<\/code>/);
  assert.match(
    page.html,
    /<p>table<\/p>numbers<div data-lab-figure="02-steps"><a href="\.\.\/figures\/02-steps\.html"><img/,
  );
  assert.match(page.html, /<div data-lab-figure="\.\.\/x">own<\/div>/);
  assert.doesNotMatch(page.html, /<script|onclick|<iframe|plain/);
});

test("a page without scripts allows none, and one with some only the site's", () => {
  const page = { title: "<t>", path: "a/b.html", part: "docs/index.html", main: "" } as const;
  const bare = sitePage(page);
  assert.doesNotMatch(bare, /script-src/);
  assert.match(bare, /<title>&lt;t&gt;<\/title>/);
  assert.match(bare, /<a href="\.\.\/docs\/index\.html" aria-current="page">/);
  const running = sitePage({ ...page, scripts: ["main.js"] });
  assert.match(running, /script-src 'self' 'wasm-unsafe-eval'; worker-src blob:/);
  assert.doesNotMatch(running, /unsafe-inline|'unsafe-eval'/);
});

/**
 * How a notebook looks, at four widths: a small one with every kind of output, as a page of the site, against pictures
 * that were looked at. After a wanted change of looks: MASK_DPO_PICTURES=write, look at test/golden/pictures, commit.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { projectRoot } from "../../lib/base/files";
import { styleSheet } from "../../lib/show/palette";
import { notebookHtml } from "../../lib/site/notebookPages";
import { sitePage } from "../../lib/site/shell";
import { mimeData, type Bundle } from "../../lib/show/bundle";
import { heatBundle } from "../../lib/show/heat";
import { sentencesHtml, verdictLegend } from "../../lib/show/sentences";
import type { Table } from "../../lib/show/table";
import { tableBundle } from "../../lib/show/tableBundle";
import { useChromium } from "../show/browser";

const chromium = useChromium();
const pictures = path.join(projectRoot, "test", "golden", "pictures");
const folder = mkdtempSync(path.join(tmpdir(), "pictures-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Share of pixels that may differ: edges of letters, which another build of Chromium smooths otherwise. */
const tolerance = 0.002;

const interval = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value - 3,
  high: value + 3,
});
const table: Table = {
  name: "table",
  caption: "A table with intervals, wide enough to be too wide for the narrowest of the pages",
  columns: [
    { key: "arm", label: "Arm" },
    ...["Score", "Correct", "Incorrect", "No fact", "Paper", "Here - paper"].map((label) => ({ key: label, label })),
    { key: "verdict", label: "Verdict" },
  ],
  rows: ["base", "Mask-DPO", "DPO (no mask)"].map((arm, i) => ({
    arm,
    Score: interval(50 + 7 * i),
    Correct: 5.5 + i,
    Incorrect: 4 - i,
    "No fact": null,
    Paper: 49.19,
    "Here - paper": interval(i),
    verdict: "shown, smaller",
  })),
};
const judged = "Brno lies in Czechia. It has 3 people. It is a nice city.";
const bounds = [0, 21, 22, 38, 39, 57];
const verdicts = ["supported", "contradictory", "no-fact"] as const;
const sentences = verdicts.map((verdict, i) => ({ start: bounds[2 * i]!, end: bounds[2 * i + 1]!, verdict }));
const drawing =
  `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="160" viewBox="0 0 900 160">` +
  `<rect width="900" height="160" fill="#eee"/><path d="M0 150 L300 60 L600 100 L900 10" stroke="#0072B2" fill="none"` +
  ` stroke-width="4"/></svg>`;
const figure = `<img alt="a line" style="max-width:100%" src="data:image/svg+xml,${encodeURIComponent(drawing)}">`;

/** A notebook: text with a formula, and cells with these outputs. */
function example(): ReturnType<typeof notebookHtml> {
  const cells = [
    tableBundle(table),
    { text: judged, html: `<div>${verdictLegend()}</div><p>${sentencesHtml({ completion: judged, sentences })}</p>` },
    heatBundle("log-ratios", [
      {
        label: "chosen",
        cells: [..."mask"].map((text, i) => ({ text, value: i / 3 - 0.5, faded: i === 0, note: "" })),
      },
    ]),
    { text: "a line", html: figure },
    { text: "plain text of a cell" },
  ].map((output: Bundle) => ({
    cell_type: "code" as const,
    metadata: {},
    source: "lab.show(output);",
    outputs: [{ output_type: "display_data", data: mimeData(output) }],
  }));
  const text =
    "# A notebook\n\n**What it shows.** Masked tokens count for nothing: $m_t = 0$.\n\n> A quotation.\n\n- one\n- two";
  const first = { cell_type: "markdown" as const, metadata: {}, source: text };
  return notebookHtml({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [first, ...cells] }, "notebooks/00.ipynb");
}

for (const width of [375, 700, 1000, 1400])
  test(`a notebook ${width} px wide looks as it did`, async (t) => {
    if (!chromium.browser) return t.skip(chromium.missing);
    const { html, title } = example();
    const page = { title, path: "notebooks/00.html", part: "notebooks/index.html", main: html, styled: true } as const;
    mkdirSync(path.join(folder, "notebooks"), { recursive: true });
    writeFileSync(path.join(folder, page.path), sitePage(page));
    const style = readFileSync(path.join(projectRoot, "lib", "site", "site.css"), "utf8");
    writeFileSync(path.join(folder, "site.css"), styleSheet(style));
    const context = await chromium.browser.newContext({ viewport: { width, height: 600 }, deviceScaleFactor: 0.5 });
    try {
      const tab = await context.newPage();
      await tab.goto(`file://${path.join(folder, page.path)}`);
      const sideways = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(sideways <= 0, `the page can be pushed sideways by ${sideways} px`);
      const seen = await tab.screenshot({ fullPage: true });
      compare(seen, `notebook-${width}`);
    } finally {
      await context.close();
    }
  });

/** @throws AssertionError where too many pixels differ; the picture that was seen is left for looking at */
function compare(seen: Buffer, name: string): void {
  const file = path.join(pictures, `${name}.png`);
  if (process.env["MASK_DPO_PICTURES"] === "write") {
    mkdirSync(pictures, { recursive: true });
    writeFileSync(file, seen);
  }
  assert.ok(existsSync(file), `no picture ${file}`);
  const [now, then] = [PNG.sync.read(seen), PNG.sync.read(readFileSync(file))];
  const { width, height } = now;
  const sameSize = width === then.width && height === then.height;
  const different = sameSize ? pixelmatch(now.data, then.data, null, width, height, { threshold: 0.2 }) : Infinity;
  if (different <= tolerance * width * height) return;
  const left = path.join(tmpdir(), `${name}-seen.png`);
  writeFileSync(left, seen);
  const how = sameSize
    ? `${different} of ${width * height} pixels differ`
    : `${width} x ${height} px instead of ${then.width} x ${then.height}`;
  assert.fail(`${name}: ${how}; what was seen: ${left}`);
}

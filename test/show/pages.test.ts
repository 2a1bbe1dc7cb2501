/** Documents of results and pages of figures in a browser: readable light and dark, and on a telephone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { appendixPage } from "../../lib/show/documentPage";
import { figurePage } from "../../lib/show/figure/html";
import type { Table } from "../../lib/show/table";
import { seriousIn } from "./axe";
import { useChromium } from "./browser";
import { bars } from "./figure/examples";

const chromium = useChromium();

const labels = ["Score", "Correct", "Incorrect", "No fact", "Paper", "Here"];
const table: Table = {
  name: "wide",
  caption: "A caption that is longer than a telephone is wide, above a table that is wider still",
  columns: [{ key: "arm", label: "Arm" }, ...labels.map((label) => ({ key: label, label }))],
  rows: [
    { arm: "Mask-DPO", ...Object.fromEntries(labels.map((label) => [label, { value: 62.5, low: 59.3, high: 65.6 }])) },
  ],
};
const completion = "Brno lies in Czechia. It has 3 people.";
const sentences = [
  { start: 0, end: 21, verdict: "supported" as const },
  { start: 22, end: 38, verdict: "contradictory" as const },
];
const answers = [{ label: "base", text: { completion, sentences } }];
const document = appendixPage(
  {
    title: "Results",
    lead: ["Mask-DPO is better."],
    onward: [{ text: "The workbench", href: "#tables", command: "mask-dpo inspect" }],
    facts: ["Seed 1."],
    warnings: ["The policy hardly moved."],
    sections: [
      {
        id: "tables",
        title: "Tables",
        items: [
          { kind: "table", name: "wide", title: table.caption, table, from: "From here." },
          { kind: "figure", name: "line", title: "A line", from: "From here." },
          {
            kind: "answers",
            name: "answers",
            title: "Answers",
            questions: [{ question: "Where does Brno lie?", why: "the first", answers }],
            from: "From here.",
          },
        ],
      },
    ],
  },
  () => '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><text y="20">drawn in black</text></svg>',
);
const figure = figurePage(bars, "plotly.min.js");

for (const [name, html] of Object.entries({ document, figure }))
  for (const colorScheme of ["light", "dark"] as const)
    test(`a ${name} page, ${colorScheme}, at 375 px: in its scheme, readable, drawings on white`, async (t) => {
      if (!chromium.browser) return t.skip(chromium.missing);
      const options = { viewport: { width: 375, height: 700 }, colorScheme, bypassCSP: true, offline: true };
      const context = await chromium.browser.newContext(options);
      try {
        const page = await context.newPage();
        await page.setContent(html.replace(/<script src=[^>]*><\/script>/, ""));
        const ground = (selector: string): Promise<string> =>
          page.locator(selector).evaluate((seen) => getComputedStyle(seen).backgroundColor);
        const [white, dark] = ["rgb(255, 255, 255)", "rgb(22, 24, 27)"];
        assert.equal(await ground("body"), colorScheme === "dark" ? dark : white);
        assert.equal(await ground(name === "figure" ? "#place" : "svg"), white);
        assert.equal(await page.evaluate(() => window.document.documentElement.scrollWidth), 375);
        assert.deepEqual(await seriousIn(page), []);
        if (name === "figure") return;
        const box = (await page.locator("caption").boundingBox())!;
        assert.ok(box.x + box.width <= 375, "the caption is read without scrolling");
        const cell = (await page.locator("td").last().boundingBox())!;
        assert.ok(cell.height < 40, "an interval stands in one line");
        await page.emulateMedia({ media: "print" });
        assert.equal(await ground("body"), white);
      } finally {
        await context.close();
      }
    });

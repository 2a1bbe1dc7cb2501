/** Tables and figures of notebook 05 where there is little or nothing to show, and the map. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateMenu } from "plotly.js";
import { plotlyFile } from "../../lib/show/figure/fonts";
import { figurePage } from "../../lib/show/figure/html";
import { mapFigure } from "../../lib/show/figure/map";
import { renderFigure } from "../../lib/show/figure/saveFigure";
import { withRenderer } from "../../lib/show/figure/openRenderer";
import { palette } from "../../lib/show/palette";
import { toMarkdown } from "../../lib/show/table";
import {
  directTestTable,
  gainDistanceTable,
  graphNumbers,
  layerTable,
  relationTestTable,
  splitTable,
} from "../../lib/paper/topicTables";
import { rankFigure } from "../../lib/paper/topicMap";
import type { DirectTest } from "../../lib/paper/topicGraph";
import { embeddingNames, type EmbeddingName } from "../../lib/topic/embedding";
import { useChromium } from "../show/browser";

const chromium = useChromium();
const each = <T>(value: T) =>
  Object.fromEntries(embeddingNames.map((name) => [name, value])) as Record<EmbeddingName, T>;
const points = [0, 1, 2, 3].map((i) => ({
  x: i / 3,
  y: i * i,
  group: i % 2,
  text: [`<b>city ${i}</b>`, "score 50 %"],
}));
const options = {
  name: "05-map",
  title: "Topics",
  points,
  groupLabel: "Cluster",
  groups: [
    { label: "near", style: palette.base, size: 4 },
    { label: "far", style: palette.dpo, size: 5 },
  ],
  scales: [
    {
      label: "Score",
      title: "score (%)",
      values: new Map([
        [1, 50],
        [2, 70],
      ]),
      diverging: false,
    },
    { label: "Gain", title: "gain", values: new Map([[3, -4]]), diverging: true },
  ],
};

test("no wrong statement, no gain, no split: tables and figure say so and nothing breaks", async () => {
  const none: DirectTest = {
    wrong: { counts: new Map(), attributed: 0, unattributed: 0 },
    embeddings: each({ tests: [] }),
    runs: [],
  };
  const gains = each({ topics: 1, rho: NaN, p: NaN });
  assert.equal(directTestTable(none).rows.length, 0);
  assert.equal(relationTestTable(none, "base").rows.length, 0);
  assert.match(toMarkdown(gainDistanceTable(gains)), /random \| 1 \| – \| – \|/);
  assert.match(
    toMarkdown(
      layerTable({
        base: {
          layer: 1,
          ranks: [
            { value: NaN, low: NaN, high: NaN },
            { value: NaN, low: NaN, high: NaN },
          ],
          runs: [],
        },
      }),
    ),
    /\| 1 \| – \|/,
  );
  assert.match(
    toMarkdown(splitTable(each({ near: [], far: [], distance: new Map([["a", 1]]), centre: new Map([["a", "b"]]) }))),
    /own\) \| 0 \| 1 \| – \| – \| – \|/,
  );
  assert.ok(graphNumbers(none, gains).every(({ here }) => here !== undefined));
  assert.match((await renderFigure(rankFigure(none))).svg, /^<svg/);
});

test("a map: a point is drawn once, buttons recolour, hover texts are plain, wrong indices are errors", () => {
  const figure = mapFigure(options);
  const traces = figure.data as { x: number[]; text?: string[]; visible?: boolean; marker: { color: unknown } }[];
  assert.deepEqual(
    traces.map(({ x }) => x),
    [[0, 0.67], [0.33, 1], [0.33, 0.67], [1]],
  );
  assert.equal(traces[0]!.text![0], "&lt;b>city 0&lt;/b><br>score 50 %");
  assert.deepEqual(
    traces.map(({ visible }) => visible),
    [undefined, undefined, false, false],
  );
  type Restyle = [Record<string, unknown[]>, Record<string, unknown>];
  const buttons = (figure.layout.updatemenus as UpdateMenu[])[0]!.buttons.map(({ label, args }) => ({
    label,
    args: args as Restyle,
  }));
  assert.deepEqual(
    buttons.map(({ label, args }) => [label, args[0].visible, args[1].showlegend]),
    [
      ["Cluster", [true, true, false, false], true],
      ["Score", [true, true, true, false], false],
      ["Gain", [true, true, false, true], false],
    ],
  );
  assert.deepEqual(buttons[1]!.args[0]["marker.color"], ["#D3D7DC", "#D3D7DC", [50, 70], [-4]]);
  assert.deepEqual(
    buttons[0]!.args[0]["marker.color"]!.slice(0, 2),
    traces.slice(0, 2).map(({ marker }) => marker.color),
  );
  assert.throws(() => mapFigure({ ...options, points: [{ ...points[0]!, group: 2 }] }), /groups below 2/);
  assert.throws(
    () => mapFigure({ ...options, scales: [{ ...options.scales[0]!, values: new Map([[4, 1]]) }] }),
    /the 4 points, got 4/,
  );
});

test("names on a map: where they belong, moved where they would overlap, left out where there is no room", () => {
  const label = (text: string, x: number, y: number) => ({ text, x, y });
  const labels = [
    label("first", 0.5, 4),
    ...["up", "down", "upper", "lower"].map((text) => label(text, 0.5, 4)),
    label("none", 0.5, 4),
    label("away", 0.5, 8),
  ];
  const shown = mapFigure({ ...options, labels }).layout.annotations!;
  assert.deepEqual(
    shown.map(({ text }) => text),
    ["first", "up", "down", "upper", "lower", "away"],
  );
  const heights = shown.slice(0, 5).map(({ y }) => Number(y));
  assert.ok(heights[0] === 4 && heights[1]! > 4 && heights[2]! < 4);
  assert.equal(new Set(heights).size, 5);
});

for (const engine of ["chromium", "browserless"] as const) {
  test(`${engine}: the image of a map has its groups and no buttons; the page has both`, async (t) => {
    if (engine === "chromium" && !chromium.browser) return t.skip(chromium.missing);
    const figure = mapFigure(options);
    const { svg } = await withRenderer((renderer) => renderer.render(figure), engine);
    assert.equal([...svg.matchAll(/class="point"/g)].length, points.length);
    assert.ok(svg.includes(">near<") && !svg.includes("Cluster"));
    assert.match(figurePage(figure, "plotly.min.js"), /Cluster/);
  });
}

test("a button pressed in a browser shows its numbers on grey points", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  const page = await chromium.browser.newPage();
  await page.setContent(figurePage(mapFigure(options), "plotly.min.js").replace(/<script src=[^>]*><\/script>/, ""), {
    waitUntil: "load",
  });
  await page.addScriptTag({ path: plotlyFile() });
  await page.evaluate(
    ([figure]) =>
      (globalThis as unknown as { Plotly: { newPlot(...args: unknown[]): Promise<unknown> } }).Plotly.newPlot(
        "figure",
        (figure as { data: unknown }).data,
        (figure as { layout: unknown }).layout,
      ),
    [JSON.parse(JSON.stringify(mapFigure(options)))],
  );
  await page.click("text=Score");
  assert.equal(await page.locator(".point").count(), points.length + 2);
  assert.equal((await page.locator(".colorbar, .cbtitle").count()) > 0, true);
  assert.deepEqual(
    await page
      .locator(".scatterlayer .trace:first-child .point")
      .first()
      .evaluate((point) => getComputedStyle(point).fill),
    "rgb(211, 215, 220)",
  );
  await page.click("text=Cluster");
  assert.equal(await page.locator(".point").count(), points.length);
  await page.close();
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { barFigure, histogramFigure } from "../../../lib/show/figure/bars";
import { launchChromium } from "../../../lib/show/figure/chromium";
import { curveFigure } from "../../../lib/show/figure/curves";
import type { Figure, RenderedFigure } from "../../../lib/show/figure/figure";
import { figureBundle, figurePage } from "../../../lib/show/figure/html";
import { openRenderer, withRenderer } from "../../../lib/show/figure/openRenderer";
import type { Renderer } from "../../../lib/show/figure/renderer";
import { saveFigure } from "../../../lib/show/figure/saveFigure";
import { wrap } from "../../../lib/show/figure/template";
import { palette } from "../../../lib/show/palette";
import { useChromium } from "../browser";
import { hostile, x, curves, bars, panels, histogram, dumbbell } from "./examples";

const chromium = useChromium();

test("builders: bands, log ticks, shared legend entries, bins", () => {
  assert.deepEqual(
    curves.data.map((trace) => (trace as { showlegend?: boolean }).showlegend),
    [false, false, undefined, false, false, undefined],
  );
  assert.deepEqual(curves.layout.xaxis?.tickvals, [1, 2, 4, 8]);
  assert.deepEqual(
    panels.data.map((trace) => (trace as { showlegend?: boolean }).showlegend),
    [true, true, false, false, false, false],
  );
  assert.equal((panels.data[4] as { xaxis?: string }).xaxis, "x3");
  assert.deepEqual((histogram.data[0] as { y?: number[] }).y, [0, 50, 0, 25, 25, 0]);
  assert.deepEqual((bars.data[0] as { error_y?: { array: number[]; arrayminus: number[] } }).error_y?.array, [3, 0, 0]);
  assert.deepEqual(wrap("aa bb cc", 5), ["aa bb", "cc"]);
});

test("builders refuse lists that do not fit, a log axis at 0, values outside the bins", () => {
  const curve = { label: "c", style: palette.base, x, y: [1, 2, 3] };
  const options = { name: "n", title: "t", xTitle: "x", yTitle: "y" };
  assert.throws(() => curveFigure({ ...options, curves: [curve] }), /curve "c": expected 4 values/);
  assert.throws(() => curveFigure({ ...options, log2: true, curves: [{ ...curve, x: [0, 1, 2] }] }), /x above 0/);
  assert.throws(
    () =>
      barFigure({
        name: "n",
        title: "t",
        valueTitle: "v",
        categories: ["a", "b"],
        series: [{ label: "s", style: palette.base, values: [1] }],
      }),
    /2 values, one per category/,
  );
  assert.throws(
    () =>
      histogramFigure({
        name: "n",
        title: "t",
        xTitle: "x",
        range: [0, 1],
        bins: 2,
        series: [{ label: "s", style: palette.base, values: [1.1] }],
      }),
    /values from 0 to 1/,
  );
});

for (const engine of ["chromium", "browserless"] as const) {
  test(`${engine}: draws every kind of figure, twice the same to the byte`, async (t) => {
    if (engine === "chromium" && !chromium.browser) return t.skip(chromium.missing);
    const figures = engine === "chromium" ? [curves, bars, panels, histogram, dumbbell] : [bars, histogram];
    const first = await withRenderer((renderer) => renderAll(renderer, figures), engine);
    const second = await withRenderer((renderer) => renderAll(renderer, figures.slice().reverse()), engine);
    figures.forEach((figure, i) => {
      const [one, two] = [first[i]!, second[figures.length - 1 - i]!];
      checkFormats(figure, one);
      assert.ok(one.svg === two.svg, figure.name);
      assert.ok(
        Buffer.from(one.png).equals(Buffer.from(two.png)) && Buffer.from(one.pdf).equals(Buffer.from(two.pdf)),
        figure.name,
      );
    });
    assert.ok(
      !first[figures.indexOf(bars)]!.svg.includes("<script") && !first[1]!.svg.includes("<img"),
      "hostile labels are text",
    );
  });
}

test("parts of different figures have different ids, so that they can be inlined in one page", async () => {
  await withRenderer(
    async (renderer) => {
      const ids = (svg: string): string[] => [...svg.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
      const [a, b] = [await renderer.render(histogram), await renderer.render({ ...histogram, name: "other" })];
      assert.ok(ids(a.svg).length > 0 && ids(a.svg).every((id) => !ids(b.svg).includes(id)));
    },
    chromium.browser ? "chromium" : "browserless",
  );
});

test("an SVG brings the letters it needs, in both weights, and no more", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  const [drawn] = await withRenderer((renderer) => renderAll(renderer, [bars]), "chromium");
  const elsewhere = drawn!.svg.replaceAll("Open Sans", "Brought Along"); // a name that no machine has
  await onPage(chromium.browser, async (page, errors) => {
    await page.setContent(elsewhere);
    const loaded = await page.evaluate(async () => {
      const text = document.querySelector("svg")!.textContent;
      const faces = ["400 16px 'Brought Along'", "700 16px 'Brought Along'"].map((font) =>
        document.fonts.load(font, text),
      );
      return (await Promise.all(faces)).map(([face]) => face && `${face.weight} ${face.status}`);
    });
    assert.deepEqual(loaded, ["400 loaded", "700 loaded"]);
    assert.deepEqual(errors, []);
  });
  assert.ok(drawn!.svg.length < 80_000, `${drawn!.svg.length} characters`);
});

test("without a browser a heat map is refused, not drawn empty", async () => {
  const heat: Figure = { name: "heat", data: [{ type: "heatmap", z: [[1]] }], layout: { width: 100, height: 100 } };
  await assert.rejects(
    withRenderer((renderer) => renderer.render(heat), "browserless"),
    /type heatmap and no browser/,
  );
});

test("a program that is no browser: the next engine is taken, and forcing Chromium says why", async () => {
  const own = process.env.CHROME_PATH;
  process.env.CHROME_PATH = "/nonexistent/chrome";
  try {
    const launched = await launchChromium();
    if ("browser" in launched) await launched.browser.close();
    else await assert.rejects(openRenderer("chromium"), /CHROME_PATH=\/nonexistent\/chrome/);
    assert.equal("browser" in launched, chromium.browser !== undefined);
  } finally {
    if (own === undefined) delete process.env.CHROME_PATH;
    else process.env.CHROME_PATH = own;
  }
});

test("saving writes five files, one shared plotly; the page shows the figure, hostile text stays text", async (t) => {
  await inTempDir(async (dir) => {
    await withRenderer(
      async (renderer) => {
        await saveFigure(bars, dir, renderer);
        await saveFigure(histogram, dir, renderer);
        await assert.rejects(saveFigure({ ...bars, name: "../x" }, dir, renderer), /a name of letters/);
      },
      chromium.browser ? "chromium" : "browserless",
    );
    const expected = ["01-candidates", "02-scores"].flatMap((name) =>
      ["figure.json", "html", "pdf", "png", "svg"].map((end) => `${name}.${end}`),
    );
    assert.deepEqual(readdirSync(dir).sort(), [...expected, "plotly.min.js"].sort());
    assert.ok(readFileSync(path.join(dir, "02-scores.html")).length < 20_000);
    assert.ok(!figurePage(bars, "plotly.min.js").includes(hostile));
    if (!chromium.browser) return t.skip(chromium.missing);
    await onPage(chromium.browser, async (page, errors) => {
      await page.goto(pathToFileURL(path.join(dir, "02-scores.html")).href);
      assert.equal((await page.locator("#figure .main-svg").count()) > 0, true);
      assert.equal(await page.evaluate("window.hacked"), undefined);
      assert.deepEqual(errors, []);
    });
  });
});

test("a notebook output: an image without scripts, interactive with the shared plotly, loaded once", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  await inTempDir(async (dir) => {
    const rendered = await withRenderer(
      (renderer) => saveFigure(bars, path.join(dir, "figures"), renderer),
      "chromium",
    );
    const { html, svg, png, text } = figureBundle(bars, rendered);
    assert.ok(
      html!.length < 120_000 && svg === rendered.svg && png === rendered.png && text === "[figure 02-scores] Scores",
    );
    for (const [place, live] of [
      ["notebooks", true],
      ["elsewhere/deep", false],
    ] as const) {
      await onPage(chromium.browser!, async (page) => {
        const requests: string[] = [];
        page.on("request", (request) => requests.push(request.url()));
        const file = path.join(dir, place, "page.html");
        await page.route("**/page.html", (route) =>
          route.fulfill({
            body: `<!doctype html><meta charset="utf-8"><div>${html}</div><div>${html}</div>`,
            contentType: "text/html",
          }),
        );
        await page.goto(pathToFileURL(file).href);
        if (live)
          await page.waitForFunction(
            "document.querySelectorAll('[data-lab-figure] .main-svg').length >= 2 && " +
              "!document.querySelector('[data-lab-figure] img')",
          );
        else await page.waitForTimeout(300);
        assert.equal(await page.locator("[data-lab-figure] > img").count(), live ? 0 : 2);
        if (live) assert.equal(requests.filter((url) => url.endsWith("plotly.min.js")).length, 1);
        assert.equal(await page.evaluate("window.hacked"), undefined);
      });
    }
  });
});

async function renderAll(renderer: Renderer, figures: readonly Figure[]): Promise<RenderedFigure[]> {
  const all: RenderedFigure[] = [];
  for (const figure of figures) all.push(await renderer.render(figure));
  return all;
}

/** Format, size, typeface, and for PDF: one page, vector. */
function checkFormats(figure: Figure, { svg, png, pdf }: RenderedFigure): void {
  const { width, height } = figure.layout as { width: number; height: number };
  assert.match(svg, /^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.ok(svg.includes("Open Sans") && svg.includes(`width="${width}"`));
  assert.deepEqual([...Buffer.from(png).subarray(1, 4)].map((c) => String.fromCharCode(c)).join(""), "PNG");
  assert.deepEqual(
    [Buffer.from(png).readUInt32BE(16), Buffer.from(png).readUInt32BE(20)],
    [2 * width, 2 * Math.ceil(height)],
  );
  const text = Buffer.from(pdf).toString("latin1");
  assert.ok(text.startsWith("%PDF-") && (text.match(/\/Type ?\/Page\b/g) ?? []).length === 1 && /OpenSans/.test(text));
}

async function onPage(from: Browser, work: (page: Page, errors: string[]) => Promise<void>): Promise<void> {
  const context = await from.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  try {
    await work(page, errors);
  } finally {
    await context.close();
  }
}

async function inTempDir(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), "figure-"));
  try {
    await work(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * The pages of the figures folder in a real browser, from files: no error, no request beyond the page and the shared
 * plotly, nothing cut off.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { projectRoot } from "../../lib/base/files";
import { buildAppendix } from "../../lib/paper/appendix";
import { sharedPlotly } from "../../lib/show/figure/saveFigure";
import { fakeSession, publishAll } from "./appendixFixture";
import { useChromium } from "../show/browser";

const chromium = useChromium();

/**
 * Opens a page by its file; what it logs as an error, and what it asks for beyond itself and `beside`, fails the test.
 */
async function onPage(
  from: Browser,
  file: string,
  beside: readonly string[],
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await from.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
  try {
    const page = await context.newPage();
    const allowed = [file, ...beside.map((name) => path.join(path.dirname(file), name))].map(
      (name) => pathToFileURL(name).href,
    );
    const problems: string[] = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => {
      if (!allowed.includes(request.url()) && !/^(data|blob):/.test(request.url()))
        problems.push(`request ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await work(page);
    assert.deepEqual(problems, [], file);
  } finally {
    await context.close();
  }
}

/** Drawings and tables inside the page's width, text large and dark enough; every link of the page leads somewhere. */
async function checkAppendix(page: Page): Promise<void> {
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    "the page is as wide as the window",
  );
  assert.deepEqual(
    await page.evaluate(() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]),
    ["rgb(236, 236, 236)", "rgb(22, 24, 27)"],
    "light on dark, as the reader's system is",
  );
  const cut = await page
    .locator(".wide, td, th")
    .evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent.slice(0, 60)));
  const small = await page
    .locator("p, td, th, figcaption, caption, li")
    .evaluateAll((all) =>
      all.filter((e) => parseFloat(getComputedStyle(e).fontSize) < 12).map((e) => e.textContent.slice(0, 60)),
    );
  const empty = await page
    .locator("main svg[role=img]")
    .evaluateAll(
      (all) =>
        all.filter((e) => e.getBoundingClientRect().width < 100 || e.getBoundingClientRect().height < 100).length,
    );
  const unnamed = await page
    .locator("main svg[role=img]")
    .evaluateAll(
      (all) =>
        all.filter(
          (e) => !e.getAttribute("aria-label") || !e.closest("figure")?.querySelector("figcaption")?.textContent,
        ).length,
    );
  const dead = await page
    .locator("a")
    .evaluateAll((all) =>
      all
        .map((e) => e.getAttribute("href")!)
        .filter((href) => !href.startsWith("#") || !document.getElementById(href.slice(1))),
    );
  assert.deepEqual({ cut, small, empty, unnamed, dead }, { cut: [], small: [], empty: 0, unnamed: 0, dead: [] });
}

/** The interactive figure took the place of the empty element, with its texts, and fits a narrow window. */
async function checkFigure(page: Page): Promise<void> {
  await page.waitForFunction("document.querySelectorAll('#figure .main-svg').length > 0");
  assert.ok((await page.locator("#figure").getAttribute("aria-label"))!.length > 0);
  assert.ok((await page.locator("#figure text").count()) > 0);
  await page.setViewportSize({ width: 500, height: 800 });
  await page.waitForFunction("document.documentElement.scrollWidth <= innerWidth");
  const { width, right } = await page
    .locator("#figure")
    .boundingBox()
    .then((box) => ({ ...box, right: box!.x + box!.width }));
  assert.ok(width! > 400 && right <= 500, `the figure takes ${width} of 500, to ${right}`);
  assert.equal(await page.locator('.modebar-btn[data-title^="Share"]').count(), 0, "nothing offers an upload");
  const title = (await page.locator("#figure .gtitle").boundingBox())!;
  const bar = (await page.locator("#figure .modebar").boundingBox())!;
  assert.ok(bar.y >= title.y + title.height - 1, "the buttons lie below the title");
}

test("the appendix and interactive figures, made here", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  const session = fakeSession(t);
  const { figures } = session;
  await publishAll(session);
  buildAppendix(session);
  await onPage(chromium.browser, path.join(figures, "appendix.html"), [], async (page) => {
    await checkAppendix(page);
    assert.equal(await page.locator("main svg[role=img]").count(), 2);
    await page.emulateMedia({ media: "print" });
    assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  });
  for (const name of ["02-scores.html", "06-best-of-n.html"])
    await onPage(chromium.browser, path.join(figures, name), [sharedPlotly], checkFigure);
});

test("the pages that come with the project", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  const folder = path.join(projectRoot, "figures");
  const names = readdirSync(folder).filter((name) => name.endsWith(".html"));
  for (const name of names)
    await onPage(
      chromium.browser,
      path.join(folder, name),
      name === "appendix.html" ? [] : [sharedPlotly],
      name === "appendix.html" ? checkAppendix : checkFigure,
    );
});

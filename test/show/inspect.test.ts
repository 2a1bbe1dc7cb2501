import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { inspectBundle, inspectPage, type InspectPair, type InspectSide } from "../../lib/show/inspect";
import { inOrder } from "../golden/fixtures";
import { useChromium } from "./browser";
import { hostile, side, right, pair } from "./examplePairs";

const chromium = useChromium();

test("the notebook form: kept, masked and verdict letters without style or script, hostile text escaped", () => {
  const { html } = inspectBundle([pair(1, hostile)]);
  const bare = html!.replace(/ style="[^"]*"/g, "");
  assert.ok(
    bare.includes(
      '<b title="supported">S</b><u>Town</u><u> 1</u><u> lies</u><u> in</u><u> France.</u>' +
        '<b title="contradictory">C</b><s> It</s>',
    ),
  );
  assert.ok(!/<script|<img|onerror="window/.test(html!));
  assert.match(
    inspectBundle([pair(1)]).text,
    inOrder(
      /chosen 0\.60: \[S\] Town 1 lies in France\. \[C\] \{It has \d+ people\.\} \[N\] Enjoy!\n/,
      /rejected 0\.50: \[C\] Town 1 lies in Spain\. \[U\] Many say it is old\.$/,
    ),
  );
});

test("tokens of no text and parts of one character keep the text whole; bad tokens are refused", () => {
  const base = side([["Hi 🙂!", "supported"]], right, 1);
  const split = {
    ...base,
    tokens: [
      [0, 2],
      [2, 5],
      [3, 5],
      [5, 6],
      [6, 6],
    ].map(([start, end]) => ({ start: start!, end: end!, kept: true, sentence: 0 })),
  };
  const one = (chosen: InspectSide): InspectPair => ({
    questionId: "q",
    topic: "t",
    prompt: "p",
    sides: { chosen, rejected: base },
  });
  assert.match(inspectBundle([one(split)]).text, /chosen 1\.00: \[S\] Hi 🙂!\n/);
  const token = { start: 0, end: 2, kept: true, sentence: 0 };
  assert.throws(
    () => inspectPage([one({ ...base, tokens: [{ ...token, end: 9 }] })]),
    /tokens of q in order inside 6 characters, got 0-9/,
  );
  assert.throws(() => inspectPage([one({ ...base, tokens: [{ ...token, start: 1 }, token] })]), /in order/);
  assert.throws(() => inspectPage([one({ ...base, tokens: [{ ...token, sentence: 1 }] })]), /a sentence below 1/);
});

test("the page: no network, no errors, tokens, filters, keyboard, and hostile text stays text", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  await onPage(chromium.browser, [pair(0), pair(1, hostile), pair(2), pair(3), pair(4)], async (page) => {
    const summary = () => page.locator("#summary").textContent();
    assert.match((await summary())!, /^5 of 5 pairs, \d+ % of chosen tokens kept, \d+ % of rejected tokens kept$/);
    const chosen = page.locator(".side").first();
    assert.equal(
      await chosen
        .locator(".badge")
        .allTextContents()
        .then((l) => l.join("")),
      "SCN",
    );
    assert.equal(
      (await chosen.locator(".text").textContent())!.replace(/^S|C(?= It)|N(?= Enjoy)|·$/g, ""),
      pair(0).sides.chosen.completion,
    );
    assert.equal(await chosen.locator(".t.masked.contradictory").count(), 4);
    await page.keyboard.press("j");
    assert.equal(await page.locator("#pair h2").textContent(), "Town 1 (q1)");
    assert.ok((await page.locator("#pair .prompt").textContent())!.endsWith(hostile));
    await page.fill("#text", "town 3");
    assert.match((await summary())!, /^1 of 5/);
    assert.equal(await page.locator("#pair h2").textContent(), "Town 3 (q3)");
    await page.fill("#text", "");
    await page.selectOption("#verdict", "unverifiable");
    assert.match((await summary())!, /^2 of 5/);
    await page.selectOption("#side", "chosen");
    assert.match((await summary())!, /^0 of 5/);
    await page.selectOption("#verdict", "");
    await page.fill("#low", "0.3");
    assert.match((await summary())!, /^2 of 5/);
    await page.fill("#topic", "town 4");
    assert.match((await summary())!, /^1 of 5/);
    assert.equal(await page.evaluate("window.hacked"), undefined);
  });
});

test("kept and masked differ without colour, in light and dark, with enough contrast", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  await onPage(chromium.browser, [pair(1)], async (page) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const look = (
        selector: string,
      ): Promise<{ line: string; border: string; image: string; ink: string; page: string }> =>
        page
          .locator(selector)
          .first()
          .evaluate((e) => {
            const s = getComputedStyle(e);
            return {
              line: s.textDecorationLine,
              border: s.borderBottomStyle,
              image: s.backgroundImage,
              ink: s.color,
              page: getComputedStyle(document.body).backgroundColor,
            };
          });
      const [kept, masked] = [await look(".side .kept.supported"), await look(".side .masked")];
      assert.deepEqual([kept.line, kept.border, masked.line, masked.border], ["none", "solid", "line-through", "none"]);
      assert.match(masked.image, /repeating-linear-gradient/);
      assert.ok(
        contrast(masked.ink, masked.page) >= 4.5 && contrast(kept.ink, kept.page) >= 7,
        `${colorScheme}: ${contrast(masked.ink, masked.page)}`,
      );
    }
    const lines = await page
      .locator("#legend .t")
      .evaluateAll((all) => all.slice(0, 4).map((e) => getComputedStyle(e).borderBottomStyle));
    assert.equal(new Set(lines).size, 4);
  });
});

test("thousands of pairs: few elements, quick to filter", async (t) => {
  if (!chromium.browser) return t.skip(chromium.missing);
  const many = Array.from({ length: 5000 }, (_, i) => pair(i));
  await onPage(chromium.browser, many, async (page) => {
    assert.match((await page.locator("#summary").textContent())!, /^5000 of 5000/);
    assert.ok((await page.locator(".row").count()) < 60);
    await page.locator("#list").evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    await page.getByText("Town 4999", { exact: true }).click();
    assert.equal(await page.locator("#pair h2").textContent(), "Town 4999 (q4999)");
    const ms = await page.evaluate<number>(
      `(() => {
        const started = performance.now();
        const box = document.getElementById("text");
        box.value = "spain";
        box.dispatchEvent(new Event("input"));
        return performance.now() - started;
      })()`,
    );
    assert.ok(ms < 1500, `filter took ${ms} ms`);
  });
});

/** WCAG contrast of two "rgb(r, g, b)" colours. */
function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [r, g, bl] = color
      .match(/[\d.]+/g)!
      .map((v) => Number(v) / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!;
  };
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Opens the page from a file; errors in the console and requests other than the page itself fail the test. */
async function onPage(
  from: Browser,
  pairs: readonly InspectPair[],
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), "inspect-"));
  const context = await from.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const file = path.join(dir, "pairs.html");
    writeFileSync(file, inspectPage(pairs));
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on(
      "request",
      (request) => request.url() !== pathToFileURL(file).href && problems.push(`request ${request.url()}`),
    );
    await page.goto(pathToFileURL(file).href);
    await work(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
    rmSync(dir, { recursive: true });
  }
}

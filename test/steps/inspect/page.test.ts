/** The page of pairs in a real browser: no network, no errors, filters, keys, looks, speed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { useChromium } from "../../show/browser";
import { hostile, pair } from "../../show/examplePairs";
import { contentOf, pageOpener } from "./pages";

const onPage = pageOpener(useChromium());

test("the page: no network, no errors, tokens, filters, keyboard, and hostile text stays text", async (t) => {
  await onPage(t, contentOf([pair(0), pair(1, hostile), pair(2), pair(3), pair(4)]), async (page) => {
    const summary = () => page.locator("#summary").textContent();
    assert.match((await summary())!, /^5 of 5 pairs, \d+ % of chosen tokens kept, \d+ % of rejected tokens kept$/);
    const chosen = page.locator(".side").first();
    assert.equal(
      await chosen
        .locator(".badge b")
        .allTextContents()
        .then((l) => l.join("")),
      "SCN",
    );
    const texts = await chosen.locator(".t").allTextContents();
    assert.equal(texts.join("").replace(/·$/, ""), pair(0).sides.chosen.completion);
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
    await page.fill("#low", "30");
    assert.match((await summary())!, /^2 of 5/);
    await page.fill("#topic", "town 4");
    assert.match((await summary())!, /^1 of 5/);
    assert.equal(await page.evaluate("window.hacked"), undefined);
  });
});

test("kept and masked differ without colour, in light and dark, with enough contrast", async (t) => {
  await onPage(t, contentOf([pair(1)]), async (page) => {
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
      .locator("#legend .t.kept")
      .evaluateAll((all) => all.slice(0, 4).map((e) => getComputedStyle(e).borderBottomStyle));
    assert.equal(new Set(lines).size, 4);
  });
});

test("thousands of pairs: few elements, quick to filter", async (t) => {
  const many = Array.from({ length: 5000 }, (_, i) => pair(i));
  await onPage(t, contentOf(many), async (page) => {
    assert.match((await page.locator("#summary").textContent())!, /^5,000 of 5,000 pairs/);
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

test("relabelling moves nothing: the list says that it is behind, and sorts again when it is told to", async (t) => {
  await onPage(t, contentOf(Array.from({ length: 30 }, (_, i) => pair(i))), async (page) => {
    const names = (): Promise<string[]> =>
      page.locator(".row b").evaluateAll((all) => all.map((row) => row.firstChild!.textContent!));
    const state = async (): Promise<unknown[]> => [await names(), await page.locator("#pair h2").textContent()];
    await page.selectOption("#sort", "margin");
    await page.locator("#sort").blur();
    for (let i = 0; i < 8; i++) await page.keyboard.press("k");
    const before = await state();
    for (const sentence of [0, 1, 2]) await page.selectOption(`#verdict-chosen-${sentence}`, "contradictory");
    await page.locator("#mask input[value=none]").check(); // is looked at anew, in the same list
    assert.deepEqual(await state(), before);
    assert.match((await page.locator("#stale").textContent())!, /keeps its order/);
    await page.locator("#refresh").click();
    const [listed, shown] = await state();
    assert.equal(shown, before[1]);
    assert.notDeepEqual(listed, before[0]);
    await page.locator('.row[aria-selected="true"]').waitFor(); // in view
    assert.ok(await page.locator("#refresh").isHidden());
    assert.equal(await page.locator("#stale").textContent(), "");
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

/**
 * The Chromium that draws figures, for the tests of one file: opened before them, closed after; `missing` says why
 * there is none.
 */
import { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { launchChromium } from "../../lib/show/figure/chromium";

export function useChromium(): { browser: Browser | undefined; missing: string } {
  const chromium: ReturnType<typeof useChromium> = { browser: undefined, missing: "" };
  before(async () => {
    const launched = await launchChromium();
    if ("browser" in launched) chromium.browser = launched.browser;
    else chromium.missing = `no Chromium starts here: ${launched.failures.join("; ")}`;
  });
  after(() => chromium.browser?.close());
  return chromium;
}

/** Pages of pairs, opened in a real browser from a file. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import type { MaskKind } from "../../../lib/preference/mask";
import type { InspectPair } from "../../../lib/show/inspect";
import type { Content, ContentPair } from "../../../lib/steps/inspect/content";
import { contentHash, contentPair } from "../../../lib/steps/inspect/contentOf";
import { inspectPage } from "../../../lib/steps/inspect/inspectPage";
import type { useChromium } from "../../show/browser";

/** What the page of example pairs holds. */
export function contentOf(pairs: readonly InspectPair[], mask: MaskKind = "paper"): Content {
  const shown = pairs.map(({ questionId, topic, prompt, sides: { chosen, rejected } }): ContentPair => {
    const side = ({ completion, sentences }: typeof chosen) => ({ completion, sentences: [...sentences] });
    const row = {
      questionId,
      topic,
      prompt: [{ role: "user" as const, content: prompt }],
      chosen: side(chosen),
      rejected: side(rejected),
      scores: { chosen: chosen.score, rejected: rejected.score },
    };
    return contentPair(row, { chosen: chosen.tokens, rejected: rejected.tokens });
  });
  const hash = contentHash(shown.map(({ row }) => row));
  return { hash, file: "pairs.jsonl", seed: 1, mask, policies: false, pairs: shown };
}

type Work = (page: Page, url: string) => Promise<void>;

/** Opens pages; errors in the console and requests other than the page itself fail the test. */
export function pageOpener(
  chromium: ReturnType<typeof useChromium>,
): (t: TestContext, content: Content | string, work: Work) => Promise<void> {
  return async (t, content, work) => {
    if (!chromium.browser) return t.skip(chromium.missing);
    const dir = mkdtempSync(path.join(tmpdir(), "inspect-"));
    const context = await chromium.browser.newContext({ viewport: { width: 1280, height: 800 } });
    try {
      const file = typeof content === "string" ? content : path.join(dir, "pairs.html");
      if (typeof content !== "string") writeFileSync(file, await inspectPage(content));
      const url = pathToFileURL(file).href;
      const page = await context.newPage();
      const problems: string[] = [];
      page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("request", (request) => {
        if (request.url().split("#")[0] !== url && !/^(data|blob):/.test(request.url()))
          problems.push(`request ${request.url()}`);
      });
      await page.goto(url);
      await work(page, url);
      assert.deepEqual(problems, []);
    } finally {
      await context.close();
      rmSync(dir, { recursive: true });
    }
  };
}

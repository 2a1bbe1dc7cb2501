/** What axe finds serious in a page that is open. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { projectRoot } from "../../lib/base/files";

const source = readFileSync(path.join(projectRoot, "node_modules/axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** The page's policy must allow scripts: open it with `bypassCSP`. @returns a line each, with the first elements */
export async function seriousIn(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: source });
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    const found = await axe.run({ preload: false, iframes: false }); // files see no others
    return found.violations.map(({ id, impact, nodes }) => {
      const shown = nodes.slice(0, 3).map(({ html }) => html.slice(0, 160));
      return { impact, line: `${id}: ${shown.join(" | ")}` };
    });
  });
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ line }) => line);
}

/**
 * The page of pairs: one file that needs no network. Its script computes masks, and what the loss pushes, from the
 * library's own code, bundled: verdicts change in the page, so that nothing of it can be computed before, and all masks
 * and objectives together are smaller as code than as numbers of every pair.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { browserScript } from "../../show/browser/browserScript";
import { scriptJson } from "../../show/markup";
import { styleSheet } from "../../show/palette";
import type { Content } from "./content";

export async function inspectPage(content: Content): Promise<string> {
  const read = (name: string): string => readFileSync(path.join(__dirname, name), "utf8");
  const parts: Record<string, string> = {
    STYLE: styleSheet(read("page.css")),
    DATA: scriptJson(content),
    SCRIPT: (await browserScript("lib/steps/inspect/page/main.ts")).replaceAll("</script", "<\\/script"),
  };
  return read("page.html").replace(/\/\*(STYLE|DATA|SCRIPT)\*\//g, (_, name: string) => parts[name]!);
}

/** The project's documents as pages: the README, and every other one that is reached from it. */
import path from "node:path";
import { projectRoot, writeFileAtomic } from "../base/files";
import { readText } from "../base/textFile";
import { escapeHtml } from "../show/markup";
import { renderMarkdown } from "./markdown";
import { documentPlace } from "./places";
import { sitePage } from "./shell";

/** @param beside documents that are shown though no link leads to them */
export function writeDocuments(out: string, beside: readonly string[]): void {
  const files = ["README.md", ...beside];
  for (let i = 0; i < files.length; i++) {
    const file = files[i]!;
    const place = documentPlace(file);
    const { html, title, linked } = renderMarkdown(readText(path.join(projectRoot, file)), file, place);
    for (const next of linked) {
      const document = next.endsWith(".md") ? next : `${next}/README.md`;
      if (/\.(ipynb|html|svg|js)$/.test(next) || files.includes(document)) continue;
      files.push(document);
    }
    const heading = title ? "" : `<h1>${escapeHtml(file)}</h1>\n`; // a table alone has none
    const page = sitePage({ title: title || file, path: place, part: "docs/index.html", main: heading + html });
    writeFileAtomic(path.join(out, place), page);
  }
}

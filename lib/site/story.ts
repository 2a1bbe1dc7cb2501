/** The first page: what the README begins with and what it says was found, and every number beside the paper's. */
import path from "node:path";
import { projectRoot, writeFileAtomic } from "../base/files";
import { readText } from "../base/textFile";
import { escapeHtml } from "../show/markup";
import { renderMarkdown } from "./markdown";
import { sitePage, type Part } from "./shell";

const page = "index.html";
/** The section of the README that is part of the story. */
const findings = "What was found";

const cards: Readonly<Partial<Record<Part, [title: string, text: string]>>> = {
  "atlas/index.html": [
    "Atlas in the browser",
    "Ask a small policy about any city, before and after alignment, and align it.",
  ],
  "notebooks/index.html": ["Notebooks", "The paper, executed: pairs, masks, training, scaling, topics, best of N."],
  "figures/index.html": ["Figures", "Every figure and table, and the appendix."],
  "inspector.html": ["Inspector", "Preference pairs, token by token, with what the mask keeps."],
  "docs/index.html": ["Documents", "How to run it, with your own model, data and annotator."],
  "api/index.html": ["API", "What the library's one door opens."],
};

/** @throws Error where the README has no such findings */
export function writeStory(out: string): void {
  const readme = readText(path.join(projectRoot, "README.md"));
  const [lead = "", ...sections] = readme.split(/^(?=## )/m);
  const found = sections.find((section) => section.startsWith(`## ${findings}\n`));
  if (!found) throw new Error(`README.md: expected a section "${findings}", got none`);
  const numbers = readText(path.join(projectRoot, "figures/paper-vs-here.md"));
  const { html, title } = renderMarkdown(lead, "README.md", page);
  const main = [
    html.replace("<p>", '<p class="lead">'),
    `<ul class="cards">${Object.entries(cards).map(card).join("")}</ul>`,
    renderMarkdown(found, "README.md", page).html,
    "<h2>Every number, the paper's and this run's</h2>",
    renderMarkdown(numbers, "figures/paper-vs-here.md", page).html,
  ].join("\n");
  writeFileAtomic(path.join(out, page), sitePage({ title, path: page, part: page, main }));
}

function card([to, [title, text]]: [string, [string, string]]): string {
  return `<li><a href="${to}"><b>${escapeHtml(title)}</b>${escapeHtml(text)}</a></li>`;
}

/** Executed notebooks as pages: text, code, and of each output the richest form that needs no script. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { JSDOM } from "jsdom";
import { projectRoot, writeFileAtomic } from "../base/files";
import { readNotebook, sourceOf, type Notebook, type NotebookCell } from "../notebook/notebook";
import { escapeHtml } from "../show/markup";
import { renderMarkdown } from "./markdown";
import { linkFrom, notebookPlace } from "./places";
import { sitePage } from "./shell";

const part = "notebooks/index.html";

export function writeNotebookPages(out: string): void {
  const names = readdirSync(path.join(projectRoot, "notebooks")).filter((name) => /^[^.]+\.ipynb$/.test(name));
  const entries = names.sort().map((name) => {
    const file = `notebooks/${name}`;
    const { html, title, lead } = notebookHtml(readNotebook(path.join(projectRoot, file)), file);
    const page = { title, path: notebookPlace(file), part, main: html, styled: true } as const;
    writeFileAtomic(path.join(out, page.path), sitePage(page));
    return `<li><a href="${path.posix.basename(page.path)}"><b>${escapeHtml(title)}</b>${escapeHtml(lead)}</a></li>`;
  });
  const main = `<h1>Notebooks</h1>\n<ul class="cards">${entries.join("")}</ul>`;
  writeFileAtomic(path.join(out, part), sitePage({ title: "Notebooks", path: part, part, main }));
}

/** @param file project file, for its links */
export function notebookHtml(notebook: Notebook, file: string): { html: string; title: string; lead: string } {
  const { window } = new JSDOM("");
  let title = "";
  let lead = "";
  const cells = notebook.cells.map((cell) => {
    const source = sourceOf(cell);
    if (cell.cell_type === "markdown") {
      const rendered = renderMarkdown(source, file, notebookPlace(file));
      title ||= rendered.title;
      lead ||= plain(source);
      return rendered.html;
    }
    if (cell.cell_type !== "code" || source.trim() === "") return "";
    const code = `<details><summary>code</summary><pre tabindex="0"><code>${escapeHtml(source)}</code></pre></details>`;
    return `<div class="cell">${code}${outputsOf(cell)
      .map((data) => outputHtml(data, file, window))
      .join("")}</div>`;
  });
  const none = notebook.cells.some((cell) => outputsOf(cell).length > 0)
    ? ""
    : '<p class="soft">This notebook comes without outputs: run it to see them.</p>';
  return { html: cells.join("\n") + none, title: title || path.posix.basename(file), lead };
}

/** The first paragraph, without its marks. */
function plain(markdown: string): string {
  const paragraph = markdown.split(/\n\s*\n/).find((text) => text.trim() !== "" && !text.startsWith("#")) ?? "";
  const text = paragraph
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_`$]/g, "")
    .replace(/^What it shows\. /, "");
  return text.length > 160 ? `${text.slice(0, 160).replace(/\s+\S*$/, "")} …` : text;
}

type MimeBundle = Record<string, string>;

function outputsOf(cell: NotebookCell): MimeBundle[] {
  const outputs = (cell["outputs"] ?? []) as { data?: Record<string, unknown>; text?: unknown; output_type?: string }[];
  const joined = (value: unknown): string => (Array.isArray(value) ? value.join("") : String(value));
  return outputs.flatMap(({ data, text }): MimeBundle[] => {
    if (data) return [Object.fromEntries(Object.entries(data).map(([type, value]) => [type, joined(value)]))];
    return text === undefined ? [] : [{ "text/plain": joined(text) }];
  });
}

function outputHtml(data: MimeBundle, file: string, window: JSDOM["window"]): string {
  const html = data["text/html"];
  if (html !== undefined) return `<div class="output" tabindex="0">${quiet(html, file, window)}</div>`;
  return data["text/plain"] ? `<pre tabindex="0">${escapeHtml(data["text/plain"])}</pre>` : "";
}

/** Figures as they are in the figures folder, links into the site, and otherwise the output without what runs. */
function quiet(html: string, file: string, window: JSDOM["window"]): string {
  const { document } = window;
  const holder = document.createElement("div");
  holder.innerHTML = html; // in a document without scripts or network, to take out what would run
  for (const element of holder.querySelectorAll("script, iframe, object, embed, link, meta")) element.remove();
  for (const element of holder.querySelectorAll("*"))
    for (const { name } of [...element.attributes]) if (/^on/i.test(name)) element.removeAttribute(name);
  for (const link of holder.querySelectorAll("a[href]")) {
    const place = linkFrom(file, notebookPlace(file), link.getAttribute("href")!);
    if (place) link.setAttribute("href", place.href);
    else link.replaceWith(...link.childNodes);
  }
  for (const figure of holder.querySelectorAll("[data-lab-figure]")) {
    const name = figure.getAttribute("data-lab-figure")!;
    if (!/^[\w.-]+$/.test(name) || !existsSync(path.join(projectRoot, "figures", `${name}.svg`))) continue;
    const link = document.createElement("a");
    link.href = `../figures/${name}.html`;
    const image = document.createElement("img");
    image.src = `../figures/${name}.svg`;
    image.alt = figure.querySelector("img")?.alt ?? name;
    link.append(image);
    figure.replaceChildren(link);
  }
  return holder.innerHTML;
}

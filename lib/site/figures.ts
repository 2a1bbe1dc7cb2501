/** The figures folder as part of the site: copied, with a page that shows all and a way back from each. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { projectRoot, writeFileAtomic } from "../base/files";
import { readText } from "../base/textFile";
import { isShownFigure } from "./places";
import { sitePage } from "./shell";

const page = "figures/index.html";
const from = path.join(projectRoot, "figures");

export function writeFigures(out: string): void {
  const to = path.join(out, "figures");
  mkdirSync(to, { recursive: true });
  const titles = new Map<string, string>();
  for (const name of readdirSync(from).filter(isShownFigure).sort()) {
    if (!name.endsWith(".html")) {
      copyFileSync(path.join(from, name), path.join(to, name));
      continue;
    }
    const html = readText(path.join(from, name));
    const withWay = html.replace(/<body>/, `$&\n<p><a href="index.html">All figures</a></p>`);
    writeFileAtomic(path.join(to, name), name === "appendix.html" ? linked(withWay) : withWay);
    titles.set(name, /<title>([^]*?)<\/title>/.exec(html)?.[1] ?? name);
  }
  const cards = [...titles].filter(([name]) => name !== "appendix.html").map(card);
  const appendix = '<a href="appendix.html">The appendix</a> has every table and figure in one page. ';
  const main = `<h1>Figures and tables</h1>
<p>${titles.has("appendix.html") ? appendix : ""}Each figure below opens as an interactive page.</p>
<ul class="cards">${cards.join("")}</ul>`;
  writeFileAtomic(path.join(out, page), sitePage({ title: "Figures", path: page, part: page, main }));
}

/** A page whose inlined drawings are the files beside it: all of them twice would be a fifth of the site. */
function linked(html: string): string {
  const inlined = /(<figure id="figure-([\w.-]+)">)<svg role="img" aria-label="([^"]*)"[^]*?<\/svg>(?=<figcaption>)/g;
  return html
    .replace("img-src data:", "img-src 'self' file: data:")
    .replace(inlined, (all, opening: string, name: string, title: string) =>
      existsSync(path.join(from, `${name}.svg`))
        ? `${opening}<img src="${name}.svg" alt="${title}" loading="lazy">`
        : all,
    );
}

/** @param title as the page has it, escaped */
function card([name, title]: [string, string]): string {
  const drawing = name.replace(/\.html$/, ".svg");
  const image = existsSync(path.join(from, drawing)) ? `<img src="${drawing}" alt="" loading="lazy">` : "";
  return `<li><a href="${name}">${image}<b>${title}</b></a></li>`;
}

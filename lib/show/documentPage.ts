/** The appendix as one HTML file that needs nothing else: drawings inline, no script, no request, readable in print. */
import type { AnsweredQuestion, Item, Onward, ResultDocument, Section } from "./document";
import { escapeHtml } from "./markup";
import { styleSheet } from "./palette";
import { sentencesHtml, verdictLegend } from "./sentences";
import { toHtml } from "./table";

/** Drawings are made for white ground, and keep it in the dark. */
const STYLE = styleSheet(`/*COLOURS*/
body{margin:0 auto;padding:24px;max-width:1120px;background:var(--page);color:var(--ink);\
font:16px/1.5 "Open Sans",Arial,Helvetica,sans-serif}
h1{font-size:28px;margin:0 0 8px}h2{font-size:22px;margin:48px 0 8px;padding-top:8px;border-top:2px solid var(--ink)}
a{color:var(--link)}
.lead{font-size:20px;font-weight:600;margin:12px 0}
code{background:var(--panel);padding:2px 4px;border-radius:3px;overflow-wrap:anywhere}
.warning{border-left:4px solid #b35900;padding:4px 12px;background:light-dark(#fff6ea,#33271a)}
.wide{overflow-x:auto;container-type:inline-size}
figure,.table{margin:24px 0}figcaption{font-weight:600}
svg,figure>img{display:block;max-width:100%;height:auto;background:#fff;border-radius:6px}
table{border-collapse:collapse;border-bottom:2px solid var(--ink);font-size:15px;font-variant-numeric:tabular-nums}
caption{padding-bottom:6px;position:sticky;left:0;max-width:100cqw}
th{border-top:2px solid var(--ink);border-bottom:1px solid var(--ink);vertical-align:bottom}
th,td{padding:4px 10px}td{vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:break-word}
.from{margin:6px 0 0;font-size:13px;color:var(--soft);overflow-wrap:anywhere}
h3{font-size:17px;margin:24px 0 8px}h3 small{font-weight:400;color:var(--soft)}h4{font-size:15px;margin:0 0 4px}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:12px 24px}
.side>div{border-top:2px solid var(--ink);padding-top:6px}
.side p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
@media screen and (max-width:900px){td[align="right"]{white-space:nowrap}td[align="left"]{min-width:7em}}
@page{margin:16mm}
@media print{body{padding:0;max-width:none;font-size:10pt}figure,.table,tr{break-inside:avoid}\
h2{break-after:avoid}a{color:inherit;text-decoration:none}.wide{overflow:visible}table{font-size:8.5pt}}`);

/** Nothing is loaded and nothing runs, whatever a label or a drawing holds. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'";

/** @param svgOf the drawing of a figure, by name */
export function appendixPage(
  { title, lead = [], onward = [], facts, warnings, sections }: ResultDocument,
  svgOf: (name: string) => string,
): string {
  const paragraph = (text: string, look = ""): string => `<p${look && ` class="${look}"`}>${escapeHtml(text)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
${[
  ...lead.map((line) => paragraph(line, "lead")),
  ...warnings.map((warning) => paragraph(warning, "warning")),
  ...facts.map((fact) => paragraph(fact)),
  ...onward.map(onwardHtml),
].join("\n")}
</header>
<nav aria-label="Contents">
<ol>
${sections.map(contents).join("\n")}
</ol>
</nav>
<main>
${sections.map((section) => sectionHtml(section, svgOf)).join("\n")}
</main>
</body>
</html>
`;
}

function onwardHtml({ text, href, command }: Onward): string {
  const shown = href === undefined ? escapeHtml(text) : `<a href="${escapeHtml(href)}">${escapeHtml(text)}</a>`;
  return `<p>${shown}${command === undefined ? "" : `<br><code>${escapeHtml(command)}</code>`}</p>`;
}

const idOf = ({ kind, name }: Item): string => `${kind}-${name}`;

function contents({ id, title, items }: Section): string {
  const link = (to: string, text: string): string => `<a href="#${to}">${escapeHtml(text)}</a>`;
  const parts = items.map((item) => `<li>${link(idOf(item), item.title)}</li>`);
  return `<li>${link(id, title)}<ul>${parts.join("")}</ul></li>`;
}

function sectionHtml({ id, title, items }: Section, svgOf: (name: string) => string): string {
  return [
    `<section id="${id}" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${escapeHtml(title)}</h2>`,
    ...items.map((item) => itemHtml(item, svgOf)),
    "</section>",
  ].join("\n");
}

/** A box that is scrolled where its table is wider than the page: by keyboard too. */
const SCROLLED = '<div class="wide" tabindex="0" role="group" aria-label="Table">';

function itemHtml(item: Item, svgOf: (name: string) => string): string {
  const from = `<p class="from">${escapeHtml(item.from)}</p>`;
  if (item.kind === "table")
    return `<div class="table" id="${idOf(item)}">${SCROLLED}${toHtml(item.table)}</div>${from}</div>`;
  if (item.kind === "answers")
    return [
      `<div id="${idOf(item)}"><p>${verdictLegend()}</p>`,
      ...item.questions.map(answeredHtml),
      `${from}</div>`,
    ].join("\n");
  const svg = ownIds(svgOf(item.name), `${item.name}-`).replace(
    /^[^]*?<svg/,
    () => `<svg role="img" aria-label="${escapeHtml(item.title)}"`,
  );
  return `<figure id="${idOf(item)}">${svg}<figcaption>${escapeHtml(item.title)}</figcaption>${from}</figure>`;
}

function answeredHtml({ question, why, answers }: AnsweredQuestion): string {
  const sides = answers.map(
    ({ label, text }) => `<div><h4>${escapeHtml(label)}</h4><p>${sentencesHtml(text)}</p></div>`,
  );
  return `<h3>${escapeHtml(question)} <small>${escapeHtml(why)}</small></h3><div class="side">${sides.join("")}</div>`;
}

/** Every id of a drawing and every reference to one with a prefix, so that drawings in one page do not share parts. */
export function ownIds(svg: string, prefix: string): string {
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag.replace(/( id="| (?:xlink:)?href="#|url\((?:'|"|&quot;)?#)/g, (before) => before + prefix),
  );
}

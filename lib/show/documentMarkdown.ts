/** A document of results as GitHub shows a folder: figures drawn, tables by name, everything else a link away. */
import type { Item, ResultDocument, Section } from "./document";
import { escapeMarkdown } from "./table";

/** For README.md beside the tables' .md and the figures' .svg and .html. */
export function documentMarkdown({ title, facts, warnings, sections }: ResultDocument): string {
  return [
    `# ${escapeMarkdown(title)}`,
    "[appendix.html](appendix.html) is all of this as one page, [appendix.tex](appendix.tex) the same for a paper " +
      "(`pdflatex appendix` in this folder), [results.json](results.json) every number with its runs. Every figure " +
      "is here as SVG, PDF, PNG and interactive HTML, every table as Markdown, LaTeX and JSON.",
    ...[...facts, ...warnings].map(escapeMarkdown),
    ...sections.flatMap(sectionParts),
    "",
  ].join("\n\n");
}

function sectionParts({ title, items }: Section): string[] {
  return [`## ${escapeMarkdown(title)}`, ...items.map(itemPart)];
}

function itemPart({ kind, name, title }: Item): string {
  const text = escapeMarkdown(title);
  return kind === "table" ? `Table: [${text}](${name}.md)` : `![${text}](${name}.svg)`;
}

/**
 * The appendix as a LaTeX document beside the tables' .tex and the figures' .pdf, for plain pdflatex with packages that
 * every LaTeX has.
 */
import type { ResultDocument, Item, Section } from "./document";
import { escapeLatex } from "./latex";
import { isLongTable } from "./tableLatex";

/**
 * Tables stand where they are named, not on top of a page; one wider than the line is scaled down to it; its provenance
 * is below.
 */
const PREAMBLE = `\\documentclass{article}
\\usepackage{array,booktabs,graphicx,longtable}
\\setlength{\\textwidth}{160mm}\\setlength{\\textheight}{230mm}
\\setlength{\\oddsidemargin}{0mm}\\setlength{\\topmargin}{-15mm}\\setlength{\\belowcaptionskip}{6pt}
\\renewcommand{\\topfraction}{1}\\renewcommand{\\textfraction}{0}
\\let\\plaintable\\table\\renewcommand{\\table}[1][]{\\plaintable[htp]}
\\newsavebox{\\fitted}
\\newcommand{\\provenance}{}
\\let\\plaintabular\\tabular\\let\\endplaintabular\\endtabular
\\renewenvironment{tabular}[1]{\\begin{lrbox}{\\fitted}\\plaintabular{#1}}{\\endplaintabular\\end{lrbox}%
  \\ifdim\\wd\\fitted>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\fitted}}\\else\\usebox{\\fitted}\\fi\
\\par\\smallskip{\\footnotesize\\provenance}}`;
/** LaTeX holds back so many floats at a time. */
const FLOATS = 12;

/** @param name of the file it will be, without extension */
export function latexDocument({ title, lead = [], facts, warnings, sections }: ResultDocument, name: string): string {
  return [
    `% Compile in this folder: pdflatex ${name}`,
    PREAMBLE,
    "\\begin{document}",
    `\\noindent{\\LARGE ${escapeLatex(title)}\\par}\\bigskip`,
    ...lead.map((text) => `\\noindent\\textbf{${escapeLatex(text)}}\\par`),
    ...[...facts, ...warnings].map((text) => `\\noindent ${breakable(escapeLatex(text))}\\par`),
    "\\tableofcontents",
    "\\clearpage",
    // answers are of any script, which pdflatex has no letters for: they are in the page
    ...sections
      .map((section) => ({ ...section, items: section.items.filter(({ kind }) => kind !== "answers") }))
      .filter(({ items }) => items.length > 0)
      .flatMap(sectionLines),
    "\\end{document}",
    "",
  ].join("\n");
}

const labelOf = ({ kind, name }: Item): string => `${kind === "table" ? "tab" : "fig"}:${name}`;

function sectionLines({ title, items }: Section): string[] {
  const mentions = items.map((item) => `${item.kind === "table" ? "Table" : "Figure"}~\\ref{${labelOf(item)}}`);
  return [
    `\\section{${escapeLatex(title)}}`,
    ...(mentions.length > 0 ? [`See ${mentions.join(", ")}.`] : []),
    ...items.flatMap((item, i) => [...itemLines(item), ...(i % FLOATS === FLOATS - 1 ? ["\\clearpage"] : [])]),
    "\\clearpage",
  ];
}

function itemLines(item: Item): string[] {
  const from = breakable(escapeLatex(item.from));
  if (item.kind === "table" && isLongTable(item.table))
    return [`\\input{${item.name}.tex}`, `\\noindent{\\footnotesize ${from}\\par}`];
  if (item.kind === "table") return [`\\renewcommand{\\provenance}{${from}}`, `\\input{${item.name}.tex}`];
  return [
    "\\begin{figure}[htp]",
    "  \\centering",
    `  \\includegraphics[width=\\linewidth,height=0.8\\textheight,keepaspectratio]{${item.name}.pdf}`,
    `  \\caption{${escapeLatex(item.title)}}`,
    `  \\label{${labelOf(item)}}`,
    `  \\par\\smallskip{\\footnotesize ${from}}`,
    "\\end{figure}",
  ];
}

/** Names of runs and files may break after their dashes. */
function breakable(latex: string): string {
  return latex.replace(/-(?=[0-9a-z])/g, "-\\allowbreak{}");
}

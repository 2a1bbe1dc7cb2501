/**
 * `mask-dpo report`: what annotated answers say about a user's own policies (§3.1, §4.3), as tables, figures and one
 * page. The numbers are those of `evaluate` and `best-of-n` on the same answers with the same seed.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "../../base/check";
import { versionIn, writeFileAtomic } from "../../base/files";
import { folderRecord, restoreFolder, writeFolderAtomic } from "../../base/folders";
import { parseJson } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import type { Bundle } from "../../show/bundle";
import type { ResultDocument, Item, Section } from "../../show/document";
import { saveTable } from "../../show/saveTable";
import { latexDocument } from "../../show/documentLatex";
import { appendixPage } from "../../show/documentPage";
import type { RenderedFigure } from "../../show/figure/figure";
import { renderFigure, writeFigure } from "../../show/figure/saveFigure";
import { figureBundle, figureTitle } from "../../show/figure/html";
import { readReportInputs, type ReportRequest } from "./inputs";
import type { Table } from "../../show/table";
import type { Part } from "./part";
import { partsOf } from "./parts";
import { headline, scoresOf } from "./scores";
import { styles } from "./styles";
import { warningsOf } from "./warnings/registry";
import { workbench } from "./workbench";

const TITLE = "Report: factuality before and after alignment";
const recordFile = "report.json";
const recordSchema = z.object({
  versions: z.object({ maskDpo: z.string() }),
  inputs: z.array(z.object({ what: z.string(), file: z.string(), sha256: z.string() })),
  files: z.array(z.string()),
});
export interface Report {
  /** What came out, a sentence a comparison. */
  headline: string[];
  tables: Table[];
  /** as a notebook shows them */
  figures: Bundle[];
  warnings: string[];
}

/**
 * Writes the folder, in place of an earlier report.
 * @throws UserError as `readReportInputs`, and for a folder of other files
 */
export async function writeReport(request: ReportRequest & { out: string }): Promise<Report> {
  const { seed, out } = request;
  checkOut(out);
  const inputs = readReportInputs(request);
  const { questions, topics, files } = inputs;
  if (inputs.answers.length > styles.length)
    throw new UserError({
      where: "--answers",
      expected: `at most ${styles.length} policies, which figures can tell apart`,
      got: String(inputs.answers.length),
      fix: "Make several reports.",
    });
  const scores = scoresOf(inputs, seed);
  const lead = headline(scores);
  const warnings = warningsOf({ request, inputs });
  const parts = partsOf(inputs, scores, seed);
  const tables = parts.flatMap((part) => part.tables);
  const figures = parts.flatMap((part) => part.figures ?? []);
  const rendered = new Map<string, RenderedFigure>();
  for (const figure of figures) rendered.set(figure.name, await renderFigure(figure));
  const versions = { maskDpo: versionIn("package.json"), node: process.versions.node };
  const page: ResultDocument = {
    title: TITLE,
    lead,
    onward: workbench(request, inputs.trained),
    warnings,
    sections: parts.map((part) => sectionOf(part, seed)),
    facts: [
      `${questions.length} questions on ${topics} topics. Scores are the share of sentences without hallucination; ` +
        "brackets are 95 % bootstrap intervals over topics, p is of a two-sided permutation test paired over topics.",
      `Seed ${seed}; mask-dpo ${versions.maskDpo}, Node ${versions.node}.`,
    ],
  };
  writeFolderAtomic(out, checkOut, (next) => {
    for (const table of tables) saveTable(table, next);
    for (const figure of figures) writeFigure(figure, rendered.get(figure.name)!, next);
    writeFileAtomic(
      path.join(next, "report.html"),
      appendixPage(page, (name) => rendered.get(name)!.svg),
    );
    writeFileAtomic(path.join(next, "report.tex"), latexDocument(page, "report"));
    const record = {
      seed,
      versions,
      inputs: files,
      files: [...readdirSync(next), recordFile].sort(),
      headline: lead,
      warnings,
      tables,
      figures: figures.map((figure) => ({ name: figure.name, title: figureTitle(figure) })),
    };
    writeFileAtomic(path.join(next, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  });
  return {
    headline: lead,
    tables,
    warnings,
    figures: figures.map((figure) => figureBundle(figure, rendered.get(figure.name)!)),
  };
}

/** What compiling report.tex adds. */
const leftByLatex = /^report\.(aux|log|out|pdf)$/;

/**
 * The report takes the place of what is at `out`.
 * @throws UserError where that is anything, an input too, but the files of an earlier report
 */
function checkOut(out: string): void {
  restoreFolder(out);
  if (!existsSync(out)) return;
  const record = path.join(out, recordFile);
  const earlier = existsSync(record) ? recordSchema.safeParse(parseJson(readText(record), record)).data : undefined;
  const isOurs = (name: string) => earlier?.files.includes(name) || name === folderRecord || leftByLatex.test(name);
  const other = statSync(out).isDirectory() ? readdirSync(out).find((name) => !isOurs(name)) : path.basename(out);
  if (other !== undefined)
    throw new UserError({
      where: out,
      expected: "no folder, or one of nothing but an earlier report's files, which are replaced",
      got: brief(other),
      fix: "Choose another --out, or move that away.",
    });
}

const shownTitle = "Questions where most was won, where most was lost, and some drawn by chance";

function sectionOf({ id, title, tables, figures = [], answers, from }: Part, seed: number): Section {
  const line = `From ${from.join(", ")}; seed ${seed}.`;
  const items: Item[] = [
    ...tables.map((table): Item => ({ kind: "table", name: table.name, title: table.caption, table, from: line })),
    ...figures.map((figure): Item => ({ kind: "figure", name: figure.name, title: figureTitle(figure), from: line })),
    ...(answers ? [{ kind: "answers" as const, name: id, title: shownTitle, questions: answers, from: line }] : []),
  ];
  return { id, title, items };
}

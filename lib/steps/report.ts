/**
 * `mask-dpo report`: what annotated answers say about a user's own policies (§3.1, §4.3), as tables, figures and one page.
 * The numbers are those of `evaluate` and `best-of-n` on the same answers with the same seed.
 */
import { optionRows } from "../align/trainOptions";
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { trainingCurves } from "../align/charts";
import { UserError, brief } from "../base/check";
import { restoreFolder, versionIn, writeFileAtomic, writeFolderAtomic } from "../base/files";
import { parseJson, readText } from "../base/jsonl";
import { percent } from "../base/percent";
import { Rng } from "../base/rng";
import { bestOfN, powersOfTwo } from "../evaluation/bestOfN";
import { comparePolicies, type Comparison } from "../evaluation/compare";
import { summarise } from "../evaluation/summary";
import { readConfig } from "../model/config";
import { keptShares, mixingOf } from "../preference/mixing";
import type { PreferencePair } from "../preference/pair";
import type { Bundle } from "../show/bundle";
import type { ResultDocument, Item, Section } from "../show/document";
import type { Figure } from "../show/figure/figure";
import { saveTable } from "../show/saveTable";
import { loadTokenizer } from "../text/tokenizer";
import { latexDocument } from "../show/documentLatex";
import { appendixPage } from "../show/documentPage";
import { mixingTable } from "../preference/tables";
import { bestOfCurves, scoreBars } from "../evaluation/charts";
import { renderFigure, writeFigure } from "../show/figure/saveFigure";
import { figureBundle, figureTitle } from "../show/figure/html";
import { palette, type SeriesStyle } from "../show/palette";
import {
  readReportInputs,
  type PolicyAnswers,
  type ReportInputs,
  type ReportRequest,
  type Training,
} from "./reportInputs";
import { bestOfTable, evaluationTable, type Evaluated } from "../evaluation/tables";
import type { Cell, Table } from "../show/table";
import { tokenizeFor } from "../align/trainRun";

const TITLE = "Report: factuality before and after alignment";
const recordFile = "report.json";
const recordSchema = z.object({
  versions: z.object({ maskDpo: z.string() }),
  inputs: z.array(z.object({ what: z.string(), file: z.string(), sha256: z.string() })),
  files: z.array(z.string()),
});
const styles: readonly SeriesStyle[] = [
  palette.base,
  palette.maskDpo,
  palette.dpo,
  palette.inverted,
  palette.random,
  palette.chosen,
  palette.noFact,
];

interface Part extends Omit<Section, "items"> {
  tables: Table[];
  figures?: Figure[];
  /** the files it is from */
  from: readonly string[];
}

export interface Report {
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
  const inputs = readReportInputs(request),
    { questions, topics, warnings, files } = inputs;
  if (inputs.answers.length > styles.length)
    throw new UserError({
      where: "--answers",
      expected: `at most ${styles.length} policies, which figures can tell apart`,
      got: String(inputs.answers.length),
      fix: "Make several reports.",
    });
  const parts = partsOf(inputs, seed),
    tables = parts.flatMap((part) => part.tables),
    figures = parts.flatMap((part) => part.figures ?? []);
  const rendered = new Map<string, Awaited<ReturnType<typeof renderFigure>>>();
  for (const figure of figures) rendered.set(figure.name, await renderFigure(figure));
  const versions = { maskDpo: versionIn("package.json"), node: process.versions.node };
  const page: ResultDocument = {
    title: TITLE,
    warnings,
    sections: parts.map((part) => sectionOf(part, seed)),
    facts: [
      `${questions.length} questions on ${topics} topics. Scores are the share of sentences without hallucination; brackets are 95 % bootstrap intervals over topics, p is of a two-sided permutation test paired over topics.`,
      `Seed ${seed}; mask-dpo ${versions.maskDpo}, Node ${versions.node}.`,
    ],
  };
  writeFolderAtomic(out, { marker: recordFile, what: "an earlier report" }, (next) => {
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
      warnings,
      tables,
      figures: figures.map((figure) => ({ name: figure.name, title: figureTitle(figure) })),
    };
    writeFileAtomic(path.join(next, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  });
  return { tables, warnings, figures: figures.map((figure) => figureBundle(figure, rendered.get(figure.name)!)) };
}

/** What compiling report.tex adds. */
const leftByLatex = /^report\.(aux|log|out|pdf)$/;

/** The report takes the place of what is at `out`. @throws UserError where that is anything, an input too, but the files of an earlier report */
function checkOut(out: string): void {
  restoreFolder(out);
  if (!existsSync(out)) return;
  const record = path.join(out, recordFile),
    earlier = existsSync(record) ? recordSchema.safeParse(parseJson(readText(record), record)).data : undefined;
  const other = statSync(out).isDirectory()
    ? readdirSync(out).find((name) => !earlier?.files.includes(name) && !leftByLatex.test(name))
    : path.basename(out);
  if (other !== undefined)
    throw new UserError({
      where: out,
      expected: "no folder, or one of nothing but an earlier report's files, which are replaced",
      got: brief(other),
      fix: "Choose another --out, or move that away.",
    });
}

function partsOf(inputs: ReportInputs, seed: number): Part[] {
  const { answers, sampled, pairs, trained, files } = inputs;
  return [
    scoresPart(inputs, seed),
    ...(sampled.length > 0 ? [bestOfPart(inputs, seed)] : []),
    ...(pairs ? [pairsPart(pairs, trained, files.find(({ what }) => what === "pairs")!.file)] : []),
    ...(trained.length > 0 ? [trainingPart(trained, answers)] : []),
    { id: "inputs", title: "Inputs", tables: [inputsTable(inputs)], from: files.map(({ file }) => file) },
  ];
}

function scoresPart({ questions, answers, sampled }: ReportInputs, seed: number): Part {
  const sets = [
    { set: "answers", policies: answers },
    ...(sampled.length > 0 ? [{ set: "sampled answers", policies: sampled }] : []),
  ];
  const label = (name: string, set: string): string => (set === "answers" ? name : `${name} (sampled)`),
    [first] = answers;
  const evaluated = sets.flatMap(({ set, policies }) =>
    policies.map(({ name, answers: rows }): Evaluated => ({
      label: label(name, set),
      summary: summarise(rows, questions, new Rng(seed).fork("evaluate")),
    })),
  );
  const scoreOf = (name: string, set: string) => evaluated.find((row) => row.label === label(name, set))?.summary.score;
  const differences = sets.flatMap(({ set, policies }) => {
    const base = policies.find(({ name }) => name === first!.name);
    return base
      ? policies
          .filter((policy) => policy !== base)
          .map(({ name, answers: rows }) => ({
            label: label(name, set),
            comparison: comparePolicies(
              rows,
              base.answers,
              questions,
              new Rng(seed).fork("compare").fork(set).fork(name),
            ),
          }))
      : [];
  });
  const series = answers.map(({ name }, i) => ({
    label: name,
    style: styles[i]!,
    scores: sets.map(({ set }) => {
      const score = scoreOf(name, set);
      return score ? percent(score) : null;
    }),
  }));
  return {
    id: "scores",
    title: "Factuality",
    from: [...answers, ...sampled].map(({ file }) => file),
    tables: [
      evaluationTable(evaluated, "scores", "Factuality of answers: sentences of each kind per answer, and their score"),
      ...(differences.length > 0 ? [differencesTable(first!.name, differences)] : []),
    ],
    figures: [
      {
        ...scoreBars(
          sets.map(({ set }) => set),
          series,
        ),
        name: "scores",
      },
    ],
  };
}

function differencesTable(first: string, rows: readonly { label: string; comparison: Comparison }[]): Table {
  return {
    name: "differences",
    caption: `Every policy minus ${first}, paired over topics: all sentences pooled, and the mean over answers`,
    columns: [
      { key: "label", label: "Policy" },
      { key: "score", label: "Score (points) [95 %]" },
      { key: "p", label: "p", digits: 4 },
      { key: "macroScore", label: "Mean score of an answer (points) [95 %]" },
      { key: "macroP", label: "p", digits: 4 },
    ],
    rows: rows.map(({ label, comparison: { score, macroScore } }) => ({
      label,
      score: percent(score),
      p: score.p,
      macroScore: percent(macroScore),
      macroP: macroScore.p,
    })),
  };
}

function bestOfPart({ questions, answers, sampled }: ReportInputs, seed: number): Part {
  const policies = sampled.map(({ name, answers: rows, each }) => ({
    label: name,
    style: styleOf(name, answers),
    points: bestOfN(rows, questions, powersOfTwo(each), new Rng(seed).fork("best of N")),
  }));
  return {
    id: "best-of-n",
    title: "Best of N",
    from: sampled.map(({ file }) => file),
    tables: [{ ...bestOfTable(policies), name: "best-of-n" }],
    figures: [{ ...bestOfCurves(policies, [], "Best of N"), name: "best-of-n" }],
  };
}

function styleOf(name: string, answers: readonly PolicyAnswers[]): SeriesStyle {
  return styles[answers.findIndex((policy) => policy.name === name)]!;
}

function pairsPart(pairs: readonly PreferencePair[], trained: readonly Training[], file: string): Part {
  const masks = trained.flatMap(({ name, file: dir, run, config }) => {
    if (!run || !config || !existsSync(config)) return [];
    const { pairs: kept, report } = tokenizeFor(loadTokenizer(dir), readConfig(config), pairs, run.mask, run.seed),
      { chosen, rejected } = keptShares(kept);
    return [
      {
        name,
        mask: run.mask,
        pairs: report.kept,
        emptied: report.emptied.length,
        tooLong: report.tooLong.length,
        chosen: 100 * chosen,
        rejected: 100 * rejected,
      },
    ];
  });
  return {
    id: "pairs",
    title: "Preference pairs and masks",
    from: [file, ...trained.map(({ file: dir }) => dir)],
    tables: [
      { ...mixingTable(mixingOf(pairs)), name: "pairs" },
      ...(masks.length > 0
        ? [
            {
              name: "masks",
              caption: "What the mask keeps of the completion tokens of the pairs trained on",
              columns: [
                { key: "name", label: "Policy" },
                { key: "mask", label: "Mask" },
                { key: "pairs", label: "Pairs trained on" },
                { key: "emptied", label: "Emptied by the mask" },
                { key: "tooLong", label: "Too long" },
                { key: "chosen", label: "Kept of chosen (%)", digits: 1 },
                { key: "rejected", label: "Kept of rejected (%)", digits: 1 },
              ],
              rows: masks,
            },
          ]
        : []),
    ],
  };
}

function trainingPart(trained: readonly Training[], answers: readonly PolicyAnswers[]): Part {
  const curves = trained.map(({ name, logs }) => ({ label: name, style: styleOf(name, answers), logs }));
  return {
    id: "training",
    title: "Training",
    from: trained.map(({ file }) => file),
    tables: [trainingTable(trained)],
    figures: [{ ...trainingCurves(curves, "Training"), name: "training" }],
  };
}

function trainingTable(trained: readonly Training[]): Table {
  const row = (what: string, value: (training: Training) => string | number | undefined) => ({
    what,
    ...Object.fromEntries(
      trained.map((training, i): [string, Cell] => {
        const cell = value(training);
        return [`p${i}`, cell === undefined ? null : String(cell)];
      }),
    ),
  });
  const options = trained.map(({ run }) => (run ? optionRows(run.options) : []));
  const labels = [...new Set(options.flat().map(({ label }) => label))];
  const optionOf = (training: Training, label: string) =>
    options[trained.indexOf(training)]!.find((option) => option.label === label)?.value;
  const last = (what: string, key: "loss" | "accuracy" | "margin") =>
    row(what, ({ logs }) => logs.at(-1)![key].toFixed(4));
  return {
    name: "training",
    caption: "Training: settings, and the last step",
    columns: [
      { key: "what", label: "Quantity" },
      ...trained.map(({ name }, i) => ({ key: `p${i}`, label: name, align: "right" as const })),
    ],
    rows: [
      row("trained from (hash of the policy)", ({ run }) => run?.reference.slice(0, 16)),
      row("mask", ({ run }) => run?.mask),
      row("adapter's rank", ({ run }) => run?.lora?.rank),
      row("seed", ({ run }) => run?.seed),
      row("engine", ({ run }) => run?.engine),
      ...labels.map((label) => row(label, (training) => optionOf(training, label))),
      row("steps", ({ logs }) => logs.at(-1)!.step),
      last("loss", "loss"),
      last("reward accuracy", "accuracy"),
      last("reward margin", "margin"),
    ],
  };
}

function inputsTable({ files }: ReportInputs): Table {
  return {
    name: "inputs",
    caption:
      "Files this report was made from (hashes in full in report.json; those of training logs leave out their times)",
    columns: [
      { key: "what", label: "What" },
      { key: "file", label: "File" },
      { key: "rows", label: "Rows" },
      { key: "annotator", label: "Annotator, model" },
      { key: "sha256", label: "sha256" },
    ],
    rows: files.map(({ sha256, ...file }) => ({ ...file, sha256: sha256.slice(0, 16) })),
  };
}

function sectionOf({ id, title, tables, figures = [], from }: Part, seed: number): Section {
  const line = `From ${from.join(", ")}; seed ${seed}.`;
  const items: Item[] = [
    ...tables.map((table): Item => ({ kind: "table", name: table.name, title: table.caption, table, from: line })),
    ...figures.map((figure): Item => ({ kind: "figure", name: figure.name, title: figureTitle(figure), from: line })),
  ];
  return { id, title, items };
}

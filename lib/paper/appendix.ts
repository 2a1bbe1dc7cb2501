/**
 * The appendix of a run: every table, figure and number the notebooks left in the figures folder, as one page
 * (appendix.html), one LaTeX document (appendix.tex) and one JSON file (results.json). It takes what is there,
 * whichever notebooks ran, and says of each part which run it is from.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { groupBy } from "../base/collections";
import { describeTraining } from "../align/tables";
import { projectRoot, writeFileAtomic } from "../base/files";
import { parseJson } from "../base/jsonl";
import { readText } from "../base/textFile";
import { paperSampling } from "../model/generate";
import type { Bundle } from "../show/bundle";
import type { ResultDocument, Item, Section } from "../show/document";
import { latexDocument } from "../show/documentLatex";
import { documentMarkdown } from "../show/documentMarkdown";
import { appendixPage } from "../show/documentPage";
import { readArtefacts, type FigureRecord, type TableRecord } from "../show/record";
import { escapeHtml } from "../show/markup";
import { paperVersusHere, recordedNumbers } from "../lab/headline";
import { provenanceText, sizeText, versionsText, type Provenance } from "../show/provenance";
import { provenanceOf, publishTable } from "../lab/publish";
import { listRuns } from "../steps/runs/runs";
import type { Session } from "../lab/session";
import { experimentOf } from "../lab/study";
import type { Table } from "../show/table";

const TITLE = "Appendix: Mask-DPO on Atlas";
const HYPERPARAMETERS = "02-hyperparameters";
const CLOSING = "paper-vs-here";
const FOREST = "claims";
const RESULTS = "results.json";
const SETTING = "appendix-setting";

/**
 * Collects what is there and writes appendix.html, appendix.tex, README.md and results.json.
 * @throws UserError for a damaged record
 */
export function buildAppendix(session: Session): ResultDocument {
  const { figures } = session;
  const own = provenanceOf(session);
  publishTable(session, settingTable(session));
  const closing = paperVersusHere(figures);
  if (closing.rows.length > 0) publishTable(session, closing);
  if (!readArtefacts(figures).tables.some(({ name }) => name === HYPERPARAMETERS))
    publishTable(session, describeTraining(experimentOf(session, session.seed, {}).training));
  const found = artefactsIn(figures);
  const appendix = {
    title: TITLE,
    facts: [`This appendix was made at ${sizeText(own)}.`, `${session.engine.description}; ${versionsText(own)}.`],
    warnings: warnings(found, own),
    sections: sectionsOf(found),
  };
  writeFileAtomic(
    path.join(figures, "appendix.html"),
    appendixPage(appendix, (name) => readText(path.join(figures, `${name}.svg`))),
  );
  writeFileAtomic(path.join(figures, "appendix.tex"), latexDocument(appendix, "appendix"));
  writeFileAtomic(path.join(figures, "README.md"), documentMarkdown(appendix));
  writeFileAtomic(path.join(figures, RESULTS), `${JSON.stringify(results(session, own, found), null, 2)}\n`);
  return appendix;
}

type Found = ReturnType<typeof readArtefacts>;

/** Without the appendix itself. */
function artefactsIn(figures: string): Found {
  const { unrecorded, ...found } = readArtefacts(figures);
  return { ...found, unrecorded: unrecorded.filter((name) => name !== "appendix") };
}

/** Sizes and sampling of this run beside the paper's words. */
export function settingTable({ preset, atlas, baseDir }: Session): Table {
  const row = (name: string, here: string | number, paper: string) => ({ name, here: String(here), paper });
  const { temperature, topK } = paperSampling;
  const asked = (split: "test" | "ood") => Math.min(preset.evaluationQuestions, atlas.splits[split].length);
  return {
    name: SETTING,
    caption: "Setting: this run beside the paper's words",
    columns: [
      { key: "name", label: "Quantity" },
      { key: "here", label: "Here", align: "right" },
      { key: "paper", label: "Paper (§3.1, §4.3, App. A)" },
    ],
    rows: [
      row("base policy", `Atlas's ${path.basename(baseDir)}`, '"the Llama3.1-8B-Instruct"'),
      row("annotator", "Atlas's oracle", '"the ANAH-v2"'),
      row(
        "training topics x questions of each",
        `${preset.topics} x ${preset.questionsPerTopic}`,
        '"2682 topics", "each topic contains 3 questions"',
      ),
      row("candidates per question, K", preset.candidates, '"32 candidate responses per question"'),
      row(
        "sampling of candidates",
        `top-k ${topK}, T ${temperature}`,
        '"top-k (k = 40) sampling with a temperature of 0.8"',
      ),
      row("longest completion (tokens)", preset.maxNewTokens, "not stated"),
      row("test questions", asked("test"), '"177 questions"'),
      row("out-of-domain questions", asked("ood"), '"183 questions about biography generation"'),
      row("sampled answers per evaluation question", preset.samples, "not stated"),
      row("seeds of every number", preset.seeds, "not stated"),
      row("largest N of best of N", preset.bestOf, "256 (Table 6)"),
      row("test questions of best of N", Math.min(preset.bestOfQuestions, atlas.splits.test.length), "not stated"),
    ],
  };
}

/**
 * The paper's numbers and the setting first, then a section per notebook as it tells its story, then what belongs to
 * none.
 */
function sectionsOf({ tables, figures }: Found): Section[] {
  const placed = [
    ...tables.map((table) => ({ item: tableItem(table), place: table.run?.place })),
    ...figures.map(({ name, title, run }) => {
      const item: Item = { kind: "figure", name, title, from: provenanceText(run) };
      return { item, place: run?.place };
    }),
  ];
  const inOrder = ({ place = Infinity, item }: (typeof placed)[number], other: (typeof placed)[number]): number =>
    place - (other.place ?? Infinity) || (item.name < other.item.name ? -1 : 1);
  const items = placed.sort(inOrder).map(({ item }) => item);
  const named = (...names: string[]) => names.flatMap((name) => items.filter((item) => item.name === name));
  const first = named(FOREST, CLOSING, SETTING, HYPERPARAMETERS);
  const others = items.filter((item) => !first.includes(item));
  const groups = groupBy(others, ({ name }) => /^(\d\d)-/.exec(name)?.[1] ?? "other");
  const rest = [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, items]) => ({
      id,
      title: id === "other" ? "Beside the notebooks" : notebookTitle(id),
      items,
    }));
  return [
    { id: "paper", title: "The paper and this run", items: named(FOREST, CLOSING) },
    { id: "setting", title: "Setting and hyperparameters", items: named(SETTING, HYPERPARAMETERS) },
    ...rest,
  ].filter(({ items }) => items.length > 0);
}

function tableItem({ run, ...table }: TableRecord): Item {
  return {
    kind: "table",
    name: table.name,
    title: table.caption,
    table,
    from: table.name === CLOSING ? "From the headline numbers the notebooks recorded." : provenanceText(run),
  };
}

/** The heading of a notebook of this project. */
function notebookTitle(id: string): string {
  const folder = path.join(projectRoot, "notebooks");
  const file = readdirSync(folder).find(
    (name) => name.startsWith(`${id}-`) && name.endsWith(".ipynb") && !name.endsWith(".failed.ipynb"),
  );
  const first =
    file &&
    (parseJson(readText(path.join(folder, file)), file) as { cells?: { source: string | string[] }[] }).cells?.[0]
      ?.source;
  return /^# (.+)$/m.exec([first ?? ""].flat().join(""))?.[1] ?? `Notebook ${id}`;
}

/** Parts of a run of another size, and files nobody can say anything about. */
function warnings({ tables, figures, unrecorded }: Found, own: Provenance): string[] {
  const others = new Map<string, string[]>();
  for (const { name, run } of [...tables, ...figures] as (TableRecord | FigureRecord)[]) {
    if (run && sizeText(run) !== sizeText(own)) others.set(sizeText(run), [...(others.get(sizeText(run)) ?? []), name]);
  }
  return [
    ...[...others].map(([size, names]) => `From another run, at ${size}: ${[...new Set(names)].sort().join(", ")}.`),
    ...(unrecorded.length > 0
      ? [`Left out, because nothing says which run they are from: ${unrecorded.join(", ")}. Run their notebook again.`]
      : []),
  ];
}

/**
 * Everything as numbers; `runs` has the configuration of every run folder named, null where neither this machine has it
 * nor the results that stand there: a run's name is the hash of its configuration, so what was known of it holds.
 */
function results({ runs, figures }: Session, made: Provenance, found: Found): object {
  const tables = found.tables.filter(({ name }) => name !== CLOSING); // its numbers are `numbers`
  const recorded = recordedNumbers(figures);
  const keys = new Map(listRuns(runs).map(({ name, key }) => [name, key]));
  const used = [...new Set([...tables, ...found.figures, ...recorded].flatMap(({ run }) => run?.runs ?? []))].sort();
  const known = knownRuns(path.join(figures, RESULTS));
  return {
    made,
    numbers: recorded.flatMap(({ numbers, ...of }) => numbers.map((number) => ({ ...of, ...number }))),
    tables,
    figures: found.figures,
    runs: Object.fromEntries(used.map((name) => [name, keys.get(name) ?? known[name] ?? null])),
    unrecorded: found.unrecorded,
  };
}

function knownRuns(file: string): Record<string, unknown> {
  if (!existsSync(file)) return {};
  const found = z.object({ runs: z.record(z.unknown()) }).safeParse(parseJson(readText(file), file));
  return found.success ? found.data.runs : {};
}

/** The table of contents as a notebook shows it, linked into the page. */
export function contentsBundle({ sections, facts, warnings }: ResultDocument): Bundle {
  const count = ({ items }: Section) =>
    ["table", "figure"]
      .flatMap((kind) => {
        const n = items.filter((item) => item.kind === kind).length;
        return n > 0 ? [`${n} ${kind}${n > 1 ? "s" : ""}`] : [];
      })
      .join(", ");
  const page = "../figures/appendix.html";
  const link = (href: string, text: string): string => `<a href="${href}">${escapeHtml(text)}</a>`;
  const contents = sections.map(
    (section) => `<li>${link(`${page}#${section.id}`, section.title)}: ${count(section)}</li>`,
  );
  const notes = [...facts, ...warnings];
  return {
    text: [
      ...sections.map((section) => `${section.title}: ${count(section)}`),
      ...notes,
      "figures/appendix.html, appendix.tex, results.json",
    ].join("\n"),
    html: [
      `<ul>${contents.join("")}</ul>`,
      ...notes.map((note) => `<p>${escapeHtml(note)}</p>`),
      `<p>One page: ${link(page, "appendix.html")}. `,
      `For a paper: ${link("../figures/appendix.tex", "appendix.tex")}. `,
      `All numbers: ${link("../figures/results.json", "results.json")}.</p>`,
    ].join(""),
  };
}

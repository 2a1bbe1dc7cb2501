/** The verbs `import` and `export`: preference pairs from and to the files of other projects. */
import path from "node:path";
import { UserError, brief } from "../base/check";
import { writeFilesInto } from "../base/folders";
import { jsonLines, writeJsonl } from "../base/jsonl";
import { refuseInputs } from "../base/outputs";
import {
  humanCandidates,
  humanQuestions,
  readHumanLabels,
  supportedByTopic,
  type LocationReport,
  type SupportedFacts,
} from "../factuality/humanLabels";
import type { AnnotatedCandidate, Question } from "../factuality/records";
import { haluevalCandidates, haluevalUnused } from "../preference/formats/halueval";
import { haluevalPair, haluevalPairUnused, isHaluevalPair } from "../preference/formats/haluevalPairs";
import type { PairFormat } from "../preference/formats/pairRow";
import { type ImportName, type labelFormatNames, pairFormats } from "../preference/formats/registry";
import { readRows, type Row } from "../preference/formats/rows";
import { buildPairs, type PairReport, type PreferencePair } from "../preference/pair";

export interface Imported {
  rows: number;
  pairs: PreferencePair[];
  location: LocationReport;
  /** Columns that hold something and are not used, and in how many rows. */
  unused: ReadonlyMap<string, number>;
  /**
   * Where pairs were made of labelled responses: what became of the questions, and the folder of the annotated
   * candidates.
   */
  made?: { report: PairReport; folder: string };
}

export interface ImportRequest {
  from: ImportName;
  files: readonly string[];
  out: string;
  seed: number;
}

/** @throws UserError with file:line for a bad row, and where no pair comes out */
export async function importVerb({ from, files, out, seed }: ImportRequest): Promise<Imported> {
  const names = files.map((file) => path.basename(file));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice)
    throw new UserError({
      where: "--in",
      expected: "files of different names, of which the pairs' ids are made",
      got: `${brief(twice)} twice`,
      fix: "Rename one.",
    });
  const imported =
    from === "factscore" || from === "halueval"
      ? await importLabels(from, files, out, seed)
      : await importPairs(pairFormats[from], files);
  if (imported.pairs.length === 0) throw noPairs(files, imported);
  writeJsonl(out, imported.pairs);
  return imported;
}

async function importPairs(format: PairFormat, files: readonly string[]): Promise<Imported> {
  const rows = await rowsOf(files);
  const location: LocationReport = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
  return {
    rows: rows.length,
    pairs: rows.flatMap(({ value, where }) => format.read(value, where, location) ?? []),
    location,
    unused: counted(rows, (value) => format.unused(value)),
  };
}

function counted(rows: readonly Row[], unused: (value: unknown) => string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { value } of rows) for (const name of unused(value)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * Leaves candidates and questions in `<out>.run`, so that others of the same questions can join them before `mask-dpo
 * pairs`; of FActScore's files also the facts that people found to be true, as what a judge is given to read. Rows that
 * are pairs already (HaluEval's) stand before those that are made.
 */
async function importLabels(
  from: (typeof labelFormatNames)[number],
  files: readonly string[],
  out: string,
  seed: number,
): Promise<Imported> {
  const { rows, questions, candidates, pairs, location, unused, supported } =
    from === "halueval" ? await readHalueval(files) : readFactScore(files);
  if (questions.length === 0) return { rows, pairs, location, unused };
  const folder = `${out}.run`;
  const written = new Map([
    ["questions.jsonl", jsonLines(questions)],
    ["candidates.jsonl", jsonLines(candidates)],
    ...(supported ? referenceFiles(supported) : []),
  ]);
  refuseInputs(
    [...written.keys()].map((name) => path.join(folder, name)),
    files,
  );
  writeFilesInto(folder, written);
  const made = buildPairs(candidates, questions, { seed });
  return { rows, pairs: [...pairs, ...made.pairs], location, unused, made: { report: made.report, folder } };
}

/** What `annotate --annotator anah` and `--annotator factscore` read. */
function referenceFiles(supported: readonly SupportedFacts[]): [string, string][] {
  const texts = supported.map(({ topic, facts }) => ({ topic, text: facts.join(" ") }));
  return [
    ["documents.jsonl", jsonLines(texts.map(({ topic, text }) => ({ topic, document: text })))],
    ["knowledge.jsonl", jsonLines(texts.map(({ topic, text }) => ({ title: topic, text })))],
  ];
}

interface Labelled extends Pick<Imported, "rows" | "pairs" | "location" | "unused"> {
  questions: Question[];
  candidates: AnnotatedCandidate[];
  supported?: SupportedFacts[];
}

async function readHalueval(files: readonly string[]): Promise<Labelled> {
  const rows = await rowsOf(files);
  const paired = rows.filter(({ value }) => isHaluevalPair(value));
  const { questions, candidates, report } = haluevalCandidates(rows.filter(({ value }) => !isHaluevalPair(value)));
  return {
    rows: rows.length,
    questions,
    candidates,
    pairs: paired.map(({ value, where }) => haluevalPair(value, where)),
    location: report,
    unused: counted(rows, (value) => (isHaluevalPair(value) ? haluevalPairUnused(value) : haluevalUnused(value))),
  };
}

/** Each file is a model. */
function readFactScore(files: readonly string[]): Labelled {
  const models = files.map(readHumanLabels);
  const read = models.map((responses, index) => humanCandidates(responses, index));
  const total = (key: "sentences" | "verbatim" | "loose") => read.reduce((sum, { report }) => sum + report[key], 0);
  return {
    rows: models.flat().length,
    questions: humanQuestions(models),
    candidates: read.flatMap(({ candidates }) => candidates),
    pairs: [],
    unused: new Map(),
    supported: supportedByTopic(models),
    location: {
      sentences: total("sentences"),
      verbatim: total("verbatim"),
      loose: total("loose"),
      missing: read.flatMap(({ report }) => report.missing),
    },
  };
}

async function rowsOf(files: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of files) for (const row of await readRows(file)) rows.push(row);
  return rows;
}

function noPairs(files: readonly string[], { rows, location, made }: Imported): UserError {
  const missing =
    location.missing.length > 0
      ? `, ${location.missing.length} with something that is not in the text (first: ${location.missing[0]})`
      : "";
  const unpaired = made ? ` and no question with two responses of different scores among ${made.report.questions}` : "";
  return new UserError({
    where: files.join(", "),
    expected: "at least one pair",
    got: `${rows} rows${missing}${unpaired}`,
    fix: made
      ? `Add candidates of the same questions to those in ${made.folder} and run mask-dpo pairs. ` +
        "(HaluEval's general file has one response a query, which makes no pair.)"
      : "Check that the file is of this format.",
  });
}

/** What an import found, in words: every sentence that is missing is named. */
export function importSummary({ rows, pairs, location, unused, made }: Imported, out: string): string {
  const { sentences, verbatim, loose, missing } = location;
  const bare = pairs.filter(({ chosen, rejected }) => chosen.sentences.length * rejected.sentences.length === 0).length;
  return [
    `${pairs.length} pairs of ${rows} rows in ${out}`,
    ...(sentences > 0
      ? [
          `${sentences} annotated strings: ${verbatim} found verbatim, ` +
            `${loose} but for white space and citation marks, ${sentences - verbatim - loose} not found`,
        ]
      : []),
    ...missing.map((name) => `left out, as this is not in its text: ${name}`),
    ...(unused.size > 0
      ? [`columns that are not used: ${[...unused].map(([name, rows]) => `${name} (${rows} rows)`).join(", ")}`]
      : []),
    ...(bare > 0 ? [`${bare} pairs have a side without sentences: only --mask none trains on them`] : []),
    ...(made ? [`annotated candidates and questions in ${made.folder}`] : []),
  ].join("\n");
}

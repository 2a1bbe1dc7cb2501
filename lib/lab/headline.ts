/**
 * The headline numbers of a notebook, kept as JSON beside its figures, and the closing table that sets them against the
 * paper's.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../base/files";
import { parseJson, parseRow } from "../base/jsonl";
import { readText } from "../base/textFile";
import type { ArmDifference } from "../evaluation/arm";
import { intervalOf } from "../evaluation/armTables";
import { type Claim, claimVerdicts, verdictOf, verdictRule, verdictText } from "../evaluation/claims";
import type { MethodClaim } from "../evaluation/methodClaims";
import { provenanceSchema, type Traced } from "../show/provenance";
import { provenanceOf } from "./publish";
import type { Session } from "./session";
import type { Table } from "../show/table";

const interval = z.object({ value: z.number(), low: z.number(), high: z.number() });
const numberSchema = z
  .object({
    what: z.string(),
    /** as the paper prints it; null where it has no such number */
    paper: z.number().nullable(),
    /** null where it could not be measured (too few answers) */
    here: z.union([z.number(), interval, z.null()]),
    unit: z.string(),
    /** of a claim: whether it holds here */
    verdict: z.enum(claimVerdicts).optional(),
    /** of a claim: that its interval is over */
    topics: z.number().optional(),
  })
  .strict();
const fileSchema = z
  .object({
    notebook: z.string(),
    preset: z.string(),
    seed: z.number(),
    engine: z.string(),
    run: provenanceSchema.nullable().default(null),
    numbers: z.array(numberSchema),
  })
  .strict();
/** One number of the paper's kind, measured here, with the run folders it is from where it knows them. */
export type HeadlineNumber = z.input<typeof numberSchema> & Partial<Traced>;

/** Writes `<figures>/<notebook>-numbers.json`. @param from what they were made of, where they do not say so */
export function recordNumbers(
  session: Session,
  notebook: string,
  numbers: readonly HeadlineNumber[],
  ...from: readonly Traced[]
): void {
  const { figures, preset, seed, engine } = session;
  const plain = numbers.map(({ here, runs: _, ...rest }) => ({ ...rest, here: storable(here) }));
  const record = {
    notebook,
    preset: preset.name,
    seed,
    engine: engine.name,
    run: provenanceOf(session, ...numbers, ...from),
    numbers: plain,
  };
  writeFileAtomic(path.join(figures, `${notebook}-numbers.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** JSON has no NaN: an interval without ends becomes its value, a value that is none becomes null. */
function storable(here: HeadlineNumber["here"]): HeadlineNumber["here"] {
  if (here !== null && typeof here === "object")
    return Number.isFinite(here.low) && Number.isFinite(here.high)
      ? { value: here.value, low: here.low, high: here.high }
      : storable(here.value);
  return Number.isFinite(here) ? here : null;
}

/** What the notebooks recorded, one entry each, in order. @throws UserError for a damaged file */
export function recordedNumbers(figures: string): z.output<typeof fileSchema>[] {
  const files = existsSync(figures)
    ? readdirSync(figures)
        .filter((name) => name.endsWith("-numbers.json"))
        .sort()
    : [];
  return files.map((name) => {
    const file = path.join(figures, name);
    return parseRow(fileSchema, parseJson(readText(file), file), file);
  });
}

/** The closing table: every recorded number beside the paper's. */
export function paperVersusHere(figures: string): Table {
  const records = recordedNumbers(figures);
  const sizeOf = ({ preset, seed, engine }: (typeof records)[number]) =>
    `preset ${preset}, seed ${seed}, engine ${engine}`;
  const sizes = [...new Set(records.map(sizeOf))];
  const mixed = sizes.length > 1 ? [{ key: "size", label: "Run" }] : []; // numbers left by earlier runs of another size
  return {
    name: "paper-vs-here",
    caption: `The paper and this run (${["Atlas, the miniature world", ...sizes].join("; ")}). ${verdictRule}`,
    columns: [
      { key: "notebook", label: "Notebook" },
      { key: "what", label: "Number" },
      { key: "unit", label: "Unit" },
      { key: "paper", label: "Paper", digits: 2 },
      { key: "here", label: "Here [95 %]", digits: 2 },
      { key: "verdict", label: "Claim" },
      ...mixed,
    ],
    rows: records.flatMap((record) =>
      record.numbers.map(({ what, paper, here, unit, verdict, topics }) => ({
        notebook: record.notebook,
        what,
        unit,
        paper,
        here,
        verdict: verdict ? verdictText(verdict, topics) : "",
        size: sizeOf(record),
      })),
    ),
  };
}

/** A claim as a headline number, for the closing table. */
export function claimNumber({ text, source, printed, here }: Claim): HeadlineNumber {
  return differenceNumber(`${text} (${source})`, printed, here);
}

/** The same of another method's claim. */
export function methodNumber({ method, text, printed, here }: MethodClaim): HeadlineNumber {
  return differenceNumber(`${text} (${method})`, printed ?? null, here);
}

/** A claimed difference with its verdict, for the closing table. @param here null where it cannot be measured here */
export function differenceNumber(what: string, paper: number | null, here: ArmDifference | null): HeadlineNumber {
  const verdict = verdictOf(here, paper);
  if (!here) return { what, unit: "points", paper, here, verdict };
  return { what, unit: "points", paper, here: intervalOf(here), verdict, topics: here.topics, runs: here.runs };
}

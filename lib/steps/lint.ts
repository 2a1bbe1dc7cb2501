/** `mask-dpo lint`: token masks of anyone's against their texts. */
import { UserError, brief } from "../base/check";
import type { LocationReport } from "../factuality/humanLabels";
import { pairFormats } from "../preference/formats/registry";
import type { PairFormat } from "../preference/formats/pairRow";
import { readRows, type Row } from "../preference/formats/rows";
import { takeMasks } from "../preference/lint/givenMask";
import { lintOfficial, lintPair, type LintRow } from "../preference/lint/lintRow";
import { preferencePairSchema, type PreferencePair } from "../preference/pair";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer";
import { parseRow, required } from "../base/jsonl";

/** One of the two files. */
export interface LintRequest {
  pairs?: string;
  official?: string;
  /** whose tokenizer is used; no weights are read */
  model: string;
}

/** @throws UserError with file:line for a row of another shape */
export async function lintVerb({ pairs, official, model }: LintRequest): Promise<LintRow[]> {
  const [file, ...others] = [pairs, official].filter((name) => name !== undefined);
  if (file === undefined || others.length > 0)
    throw new UserError({
      where: "lint",
      expected: "one of --pairs and --official",
      got: file === undefined ? "neither" : "both",
      fix: "Name the file that is meant.",
    });
  const tokenizer = loadTokenizer(model);
  const rows = required(await readRows(file), file, "row");
  if (official !== undefined) return rows.map(({ value, where }) => lintOfficial(value, where, tokenizer));
  return lintRows(rows, tokenizer);
}

function lintRows(rows: readonly Row[], tokenizer: Tokenizer): LintRow[] {
  const taken = rows.map(({ value, where }) => ({ ...takeMasks(value, where), where }));
  const read = readerFor(taken[0]!.rest, taken[0]!.where);
  return taken.map(({ rest, masks, where }) => {
    const pair = read(rest, where);
    return pair ? lintPair(pair, masks, where, tokenizer) : { where, faults: ["missing"] };
  });
}

type Reader = (value: unknown, where: string) => PreferencePair | undefined;

/** Of the format that the first row has: this project's, or the first of the others that can read it. */
function readerFor(first: unknown, where: string): Reader {
  if (first !== null && typeof first === "object" && "questionId" in first)
    return (value, at) => parseRow(preferencePairSchema, value, at);
  const location: LocationReport = { sentences: 0, verbatim: 0, loose: 0, missing: [] };
  const reads = (format: PairFormat): boolean => {
    try {
      format.read(first, where, location);
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  };
  const format = Object.values(pairFormats).find(reads);
  if (format) return (value, at) => format.read(value, at, location);
  throw new UserError({
    where,
    expected: `a pair, as mask-dpo pairs writes them or of ${Object.keys(pairFormats).join(", ")}`,
    got: brief(first),
    fix: "See lib/steps/README.md for the rows, and mask-dpo import --help for the formats.",
  });
}

/** `mask-dpo tune`: tries the grid of rates and strengths for the arms of all studies, and writes what it found. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { openSession } from "../lab/session";
import { recipesOf, tune, writeTuning, type TuneRequest } from "../lab/tune";
import { tuningTables, withTuning } from "../lab/tuningPage";
import { tuningFile, type Tuning } from "../lab/tuning";
import type { Table } from "../show/table";
import { atlasFolder } from "../world/facts";
import { studies } from "./studies";

export interface TuneFlags {
  preset?: string;
  /** beginnings of labels of arms */
  only?: readonly string[];
  seed: number;
  /** experiments side by side */
  jobs?: number;
  /** folder of tuning.json and TUNING.md */
  out: string;
}

/** @returns the tables of this preset @throws UserError for an arm that is not there */
export async function tuneStudies({ preset, only, seed, jobs, out }: TuneFlags): Promise<Table[]> {
  const opened = await openSession({ preset, seed });
  const file = path.join(out, path.basename(tuningFile));
  const session = { ...opened, ...(jobs && { jobs }) };
  const arms = studies.flatMap((study) => study.arms(session));
  const tuning = await tune(session, chosen(recipesOf(session, arms), only));
  writeTuning(tuning, file);
  const page = readFileSync(path.join(atlasFolder, "TUNING.md"), "utf8");
  writeFileAtomic(path.join(out, "TUNING.md"), withTuning(page, tuning));
  const own: Tuning = { ...tuning, arms: tuning.arms.filter((arm) => arm.preset === session.preset.name) };
  return tuningTables(own);
}

function chosen(all: TuneRequest[], only: readonly string[] | undefined): TuneRequest[] {
  const missing = only?.find((start) => !all.some(({ label }) => label.startsWith(start)));
  if (missing !== undefined)
    throw new UserError({
      where: "--only",
      expected: `the beginning of one of ${all.map(({ label }) => label).join(", ")}`,
      got: missing,
      fix: 'Put labels with spaces in quotes, e.g. --only "DPO (no mask)".',
    });
  return only ? all.filter(({ label }) => only.some((start) => label.startsWith(start))) : all;
}

/** `mask-dpo tune`: tries the grid of rates and strengths for the arms of studies or of a world, and keeps it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { readText } from "../base/textFile";
import { openSession, type Session } from "../lab/session";
import type { ArmSpec } from "../lab/study";
import { recipesOf, tune, writeTuning, type TuneRequest } from "../lab/tune";
import { hasRoom, tuningTables, withTuning } from "../lab/tuningPage";
import { readTuning, tuningFile, type Tuning } from "../lab/tuning";
import type { Table } from "../show/table";
import { atlasFolder } from "../world/facts";
import type { WorldName } from "../world/worlds";
import { imitation } from "./methods/staged";
import { studies } from "./studies";
import { worldArms } from "./worlds/worlds";

export interface TuneFlags {
  world: WorldName;
  preset?: string;
  /** beginnings of labels of arms */
  only?: readonly string[];
  seed: number;
  /** experiments side by side */
  jobs?: number;
  /** folder of tuning.json and TUNING.md */
  out: string;
}

/** Arms whose settings are tried: of all studies, or of a world of notebook 14. */
export function tunedArms(session: Session): ArmSpec[] {
  if (session.world !== "atlas") return worldArms(session);
  return [...studies.flatMap((study) => study.arms(session)), imitation];
}

/** @returns the tables of this preset @throws UserError for an arm that is not there, or others' files in `out` */
export async function tuneStudies({ world, preset, only, seed, jobs, out }: TuneFlags): Promise<Table[]> {
  const opened = await openSession({ world, preset, seed });
  const kept = { atlas: keptIn(out, "atlas"), free: keptIn(out, "free"), fixed: keptIn(out, "fixed") };
  const page = path.join(out, "TUNING.md");
  const text = pageIn(page);
  const session = { ...opened, tuning: kept[world], ...(jobs && { jobs }) };
  const tuning = await tune(session, chosen(recipesOf(session, tunedArms(session)), only));
  writeTuning(tuning, tuningFile(world, out));
  writeFileAtomic(page, withTuning(text, { ...kept, [world]: tuning }));
  const arms = tuning.arms.filter((arm) => arm.preset === session.preset.name);
  return tuningTables({ ...tuning, arms }, world);
}

/** Grids that were kept in a folder, or else those that ship. */
function keptIn(out: string, world: WorldName): Tuning {
  const own = tuningFile(world, out);
  return readTuning(existsSync(own) ? own : tuningFile(world));
}

/** The page with room for tables that is there, or else the one that ships. @throws UserError for another page */
function pageIn(file: string): string {
  const text = readText(existsSync(file) ? file : path.join(atlasFolder, path.basename(file)));
  if (hasRoom(text)) return text;
  throw new UserError({
    where: file,
    expected: "nothing there, or a page that tune left",
    got: "something else",
    fix: "Choose another --out, or move that away.",
  });
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

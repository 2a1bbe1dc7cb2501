/** `mask-dpo tune`: tries the grid of rates and strengths for the arms of studies or of a world, and keeps it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { openSession, type Session } from "../lab/session";
import type { ArmSpec } from "../lab/study";
import { recipesOf, tune, writeTuning, type TuneRequest } from "../lab/tune";
import { tuningTables, withTuning } from "../lab/tuningPage";
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

/** @returns the tables of this preset @throws UserError for an arm that is not there */
export async function tuneStudies({ world, preset, only, seed, jobs, out }: TuneFlags): Promise<Table[]> {
  const opened = await openSession({ world, preset, seed });
  const session = { ...opened, ...(jobs && { jobs }) };
  const tuning = await tune(session, chosen(recipesOf(session, tunedArms(session)), only));
  const kept = (name: WorldName): Tuning => (name === world ? tuning : readTuning(tuningFile(name)));
  writeTuning(tuning, tuningFile(world, out));
  const page = readFileSync(path.join(atlasFolder, "TUNING.md"), "utf8");
  const tunings = { atlas: kept("atlas"), free: kept("free"), fixed: kept("fixed") };
  writeFileAtomic(path.join(out, "TUNING.md"), withTuning(page, tunings));
  const arms = tuning.arms.filter((arm) => arm.preset === session.preset.name);
  return tuningTables({ ...tuning, arms }, world);
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

/** What says that a training run is finished: written last, and believed only as far as it is true. */
import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { folderFilesSchema, holds, type FolderFiles } from "../base/folders";
import { sha256File } from "../base/hash";
import { parseJson, parseRow, readJsonl } from "../base/jsonl";
import { startAgain } from "../base/runFolder";
import { readText } from "../base/textFile";
import { stepLogSchema, type StepLog } from "./trainOptions";

const recordSchema = z.object({ steps: z.number(), log: z.string(), files: folderFilesSchema }).strict();

/** Files of a run folder. */
export const runFiles = (run: string) => ({
  log: path.join(run, "log.jsonl"),
  state: path.join(run, "state.safetensors"),
  record: path.join(run, "finished.json"),
});

/** Says that `out` holds what came of `steps` steps. @param files as `writeCheckpoint` returned them */
export function recordFinished(run: string, steps: number, files: FolderFiles): void {
  const { log, record } = runFiles(run);
  const finished: z.infer<typeof recordSchema> = { steps, log: sha256File(log), files };
  writeFileAtomic(record, `${JSON.stringify(finished, null, 2)}\n`);
}

/**
 * The log of a finished run, where log and output are, byte by byte, what its record says.
 * @param steps that it must have
 * @returns undefined for a run that has to go on, or whose output was lost or spoilt since
 */
export function finishedLog(run: string, out: string, steps: number): StepLog[] | undefined {
  const { log, record } = runFiles(run);
  if (![log, record].every((file) => existsSync(file))) return undefined;
  const said = parseRow(recordSchema, parseJson(readText(record), record), record);
  if (said.steps !== steps || sha256File(log) !== said.log || !holds(out, said.files)) return undefined;
  return readLog(log, steps);
}

/**
 * The log up to a step.
 * @throws UserError where it does not have each step up to that once, in order
 */
export function readLog(file: string, last: number): StepLog[] {
  const rows = readJsonl(file, stepLogSchema).filter(({ step }) => step <= last);
  const wrong = rows.findIndex(({ step }, i) => step !== i + 1);
  if (wrong < 0 && rows.length === last) return rows;
  throw new UserError({
    where: file,
    expected: `every step from 1 to ${last} once, in order`,
    got: wrong < 0 ? `${rows.length} of them` : `step ${rows[wrong]!.step} as number ${wrong + 1}`,
    fix: startAgain(path.dirname(file)),
  });
}

/**
 * `mask-dpo reproduce`: runs the experiments that the notebooks show, executes the notebooks in order, leaves figures
 * and tables, and sets the numbers beside the paper's.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { makeFolder, projectRoot } from "../base/files";
import { claimNames } from "../base/folders";
import { duration } from "../base/progress";
import { startEngine } from "../engine/backend";
import { defaultPreset, preset, presetNames, type PresetName } from "../lab/preset";
import { runExperiments } from "../lab/runExperiments";
import { openSession } from "../lab/session";
import { requestsOf } from "../lab/study";
import { armsOfNotebook } from "../paper/studies";
import { toText } from "../show/table";
import { leaveClosing } from "./closing";
import { formatNotebookError, nbcheck } from "./nbcheck";
import { runNotebook } from "./runNotebook";

export interface ReproduceRequest {
  preset?: string;
  /** name prefixes of the notebooks to run */
  only?: readonly string[];
  seed: number;
  /** experiments side by side; default: one a core */
  jobs?: number;
  /** folder for executed notebooks, figures and runs, which no others of these names are in; see `placesOf` */
  out?: string;
  /** over the notebooks and figures that came along */
  inPlace?: boolean;
}

const folder = path.join(projectRoot, "notebooks");

/** Number of the notebook that needs a model from a package registry. */
const realModel = "10";

/** Notebook file names, in order. */
export function notebookNames(): string[] {
  return readdirSync(folder)
    .filter((name) => /^\d\d-.*(?<!\.failed)\.ipynb$/.test(name))
    .sort();
}

/** @throws UserError for an unknown preset or notebook, type errors in cells, or a failing cell */
export async function reproduce(request: ReproduceRequest): Promise<void> {
  const started = Date.now();
  const engine = await startEngine();
  const size = preset(request.preset ?? defaultPreset(engine.name));
  const why = request.preset ? "" : `, sized to the engine (--preset ${presetNames.join("|")} for another)`;
  process.stdout.write(`engine: ${engine.description}\npreset: ${size.name}${why}\n`);
  const names = chosen(request);
  checkTypes(names.map((name) => path.join(folder, name)));
  const { notebooks, figures, runs } = placesOf(request, size.name);
  const env = {
    MASK_DPO_PRESET: size.name,
    MASK_DPO_SEED: String(request.seed),
    ...(isAskedFor(request.only)
      ? { MASK_DPO_FETCH: "1" }
      : { MASK_DPO_PROSE_MODEL: process.env.MASK_DPO_PROSE_MODEL ?? "none" }),
    ...(request.jobs && { MASK_DPO_JOBS: String(request.jobs) }),
    ...(runs && { MASK_DPO_RUNS: runs }),
    MASK_DPO_FIGURES: figures,
  };
  Object.assign(process.env, env);
  const session = await openSession();
  await runExperiments(
    session,
    requestsOf(
      session,
      names.flatMap((name) => armsOfNotebook(session, name.slice(0, 2))),
    ),
  );
  for (const [i, name] of names.entries()) {
    process.stdout.write(`notebook ${i + 1}/${names.length}: ${name}\n`);
    await runNotebook(path.join(folder, name), { env, out: path.join(notebooks, name) });
  }
  const table = await leaveClosing(session);
  const said = [
    "",
    toText(table),
    "",
    `executed notebooks: ${notebooks}`,
    `figures and tables: ${figures}`,
    `done in ${duration((Date.now() - started) / 1000)}`,
  ];
  process.stdout.write(`${said.join("\n")}\n`);
}

/**
 * In a folder that is named everything; else beside what came along, in mine/ under the preset's name, what is seen,
 * and all runs where JupyterLab looks for them.
 * @throws UserError for others' files of these names
 */
function placesOf(
  { out, inPlace }: ReproduceRequest,
  preset: PresetName,
): Record<"notebooks" | "figures", string> & { runs?: string } {
  if (inPlace) return { notebooks: folder, figures: path.join(projectRoot, "figures") };
  const dir = path.resolve(out ?? path.join(projectRoot, "mine", preset));
  claimNames(dir, out ? ["notebooks", "figures", "runs"] : ["notebooks", "figures"]);
  const [notebooks, figures] = [path.join(dir, "notebooks"), path.join(dir, "figures")];
  makeFolder(notebooks);
  return { notebooks, figures, ...(out && { runs: path.join(dir, "runs") }) };
}

/** Whether the notebook of a real model is named: only then is one fetched, and the time it takes is spent. */
function isAskedFor(only?: readonly string[]): boolean {
  return Boolean(only?.some((prefix) => prefix.startsWith(realModel)));
}

/** It shows what the others leave. */
const appendix = "08";

/** In the order they are run: the appendix last. In place the real model's stands unless it is asked for. */
function chosen({ only, inPlace }: ReproduceRequest): string[] {
  const stands = (name: string) => inPlace && name.startsWith(realModel) && !isAskedFor(only);
  const all = notebookNames().filter((name) => !stands(name));
  const isLast = (name: string) => name.startsWith(appendix);
  const names = [...all.filter((name) => !isLast(name)), ...all.filter(isLast)];
  const missing = only?.find((prefix) => !names.some((name) => name.startsWith(prefix)));
  if (missing)
    throw new UserError({
      where: "--only",
      expected: `the beginning of one of ${names.join(", ")}`,
      got: missing,
      fix: "Use the number, e.g. --only 02.",
    });
  return only ? names.filter((name) => only.some((prefix) => name.startsWith(prefix))) : names;
}

/** @throws UserError listing the type errors */
export function checkTypes(files: readonly string[]): void {
  const errors = nbcheck(files);
  if (errors.length > 0)
    throw new UserError({
      where: "notebooks",
      expected: "cells without type errors",
      got: `${errors.length}:\n${errors.map(formatNotebookError).join("\n")}\n`,
      fix: "Correct the cells.",
    });
}

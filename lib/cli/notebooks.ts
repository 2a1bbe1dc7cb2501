/** `mask-dpo notebooks`, `tune`, `reproduce` and `lab`. What they run is loaded late: it is large. */
import path from "node:path";
import { Option, type Command } from "commander";
import { projectRoot } from "../base/files";
import { presetNames } from "../lab/preset";
import type * as JupyterModule from "../notebook/jupyter";
import type * as ReproduceModule from "../notebook/reproduce";
import type * as RunNotebookModule from "../notebook/runNotebook";
import type * as TuneModule from "../paper/tuneStudies";
import { toText } from "../show/table";
import { atlasFolder } from "../world/facts";
import { worldNames } from "../world/worlds";
import { number, say, seed } from "./options/flags";

interface ReproduceFlags {
  preset?: string;
  only?: string[];
  seed: number;
  jobs?: number;
  out?: string;
  inPlace?: boolean;
}

const jobs = (): Option =>
  new Option("--jobs <n>", "experiments side by side (default: one a core)").argParser(number(1, 1024, true));

/** Behind those that came before; a comma parts them too, unless nothing comes after it. */
const prefixes = (text: string, before: string[] = []): string[] => [...before, ...text.split(/,(?=.)/)];

export function addNotebookCommands(program: Command): void {
  program
    .command("notebooks")
    .description("execute notebooks headless, or only check their types")
    .argument("[files...]", "notebooks (default: all)")
    .option("--check", "type check, run nothing")
    .option("--timeout <s>", "seconds per cell", number(1, 1_000_000), 7200)
    .action(async (files: string[], { check, timeout }: { check?: boolean; timeout: number }) => {
      const { checkTypes, notebookNames } = require("../notebook/reproduce") as typeof ReproduceModule;
      const { runNotebook } = require("../notebook/runNotebook") as typeof RunNotebookModule;
      const all = files.length > 0 ? files : notebookNames().map((name) => path.join(projectRoot, "notebooks", name));
      checkTypes(all);
      if (check) return say(`${all.length} notebooks, no type errors`);
      for (const file of all) await runNotebook(file, { timeoutS: timeout });
    });
  program
    .command("tune")
    .description("choose learning rate and strength of every arm of the notebooks on validation topics (resumes)")
    .addOption(new Option("--preset <name>", "size (default: by engine)").choices(presetNames))
    .addOption(new Option("--world <name>", "whose arms").choices(worldNames).default("atlas"))
    .option("--only <label...>", "only arms whose labels begin so; what was kept of others stays")
    .addOption(seed())
    .addOption(jobs())
    .option("--out <dir>", "folder of the grids that are kept and TUNING.md", atlasFolder)
    .action(async (flags: TuneModule.TuneFlags) => {
      const { tuneStudies } = require("../paper/tuneStudies") as typeof TuneModule;
      say((await tuneStudies(flags)).map(toText).join("\n\n"));
    });
  program
    .command("reproduce")
    .description("execute every notebook, leave figures and tables, print paper vs here")
    .addOption(new Option("--preset <name>", "size (default: by engine)").choices(presetNames))
    .option("--only <prefix...>", "only notebooks whose names begin so, e.g. 02,10", prefixes)
    .addOption(seed())
    .addOption(jobs())
    .option(
      "--out <dir>",
      "executed notebooks, figures and runs (default: mine/ and the preset's name; runs: data/runs)",
    )
    .addOption(new Option("--in-place", "replace the notebooks and figures that came along").conflicts("out"))
    .action(async (flags: ReproduceFlags) => {
      const { reproduce } = require("../notebook/reproduce") as typeof ReproduceModule;
      await reproduce(flags);
    });
}

export function addLabCommand(program: Command): void {
  program
    .command("lab")
    .description("start JupyterLab with our kernel")
    .argument("[options...]", "of jupyter lab")
    .allowUnknownOption()
    .action(async (options: string[]) => {
      const { startJupyterLab } = require("../notebook/jupyter") as typeof JupyterModule;
      process.exitCode = await startJupyterLab(options);
    });
}

/** `mask-dpo notebooks`, `reproduce` and `lab`. What they run is loaded late: it brings the TypeScript compiler. */
import path from "node:path";
import { Option, type Command } from "commander";
import { projectRoot } from "../base/files";
import { presetNames } from "../lab/preset";
import type * as JupyterModule from "../notebook/jupyter";
import type * as ReproduceModule from "../notebook/reproduce";
import type * as RunNotebookModule from "../notebook/runNotebook";
import { number, seed } from "./flags";

interface ReproduceFlags {
  preset?: string;
  only?: string[];
  seed: number;
  jobs?: number;
  out?: string;
}

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
      if (!check) for (const file of all) await runNotebook(file, { timeoutS: timeout });
    });
  program
    .command("reproduce")
    .description("execute every notebook, leave figures and tables, print paper vs here")
    .addOption(new Option("--preset <name>", "size (default: by engine)").choices(presetNames))
    .option("--only <prefix...>", "only notebooks whose names begin so, e.g. 02")
    .addOption(seed())
    .option("--jobs <n>", "experiments side by side (default: one a core)", number(1, 1024, true))
    .option("--out <dir>", "put executed notebooks, figures and runs there instead of the project's folders")
    .action(async (flags: ReproduceFlags) => {
      const { reproduce } = require("../notebook/reproduce") as typeof ReproduceModule;
      await reproduce(flags);
    });
}

export function addLabCommand(program: Command): void {
  program
    .command("lab")
    .description("start JupyterLab with our kernel")
    .action(async () => {
      const { startJupyterLab } = require("../notebook/jupyter") as typeof JupyterModule;
      process.exitCode = await startJupyterLab();
    });
}

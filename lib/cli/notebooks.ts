/** `mask-dpo notebooks`, `reproduce` and `lab`. */
import path from "node:path";
import { Command, Option } from "commander";
import { projectRoot } from "../base/files";
import { count, number, seed } from "./flags";
import { presetNames } from "../lab/preset";

/** Loaded late: it brings the TypeScript compiler. */
function notebookTools(): typeof import("../notebook/reproduce") {
  return require("../notebook/reproduce") as typeof import("../notebook/reproduce");
}

/** Adds the verbs to the program. */
export function addNotebookCommands(program: Command): void {
  program
    .command("notebooks")
    .description("execute notebooks headless, or only check their types")
    .argument("[files...]", "notebooks (default: all)")
    .option("--check", "type check, run nothing")
    .option("--timeout <s>", "seconds per cell", number(1), 7200)
    .action(async (files: string[], o: { check?: boolean; timeout: number }) => {
      const { checkTypes, notebookNames } = notebookTools();
      const { runNotebook } = require("../notebook/runNotebook") as typeof import("../notebook/runNotebook");
      const all = files.length > 0 ? files : notebookNames().map((name) => path.join(projectRoot, "notebooks", name));
      checkTypes(all);
      if (!o.check) for (const file of all) await runNotebook(file, { timeoutS: o.timeout });
    });

  program
    .command("reproduce")
    .description("execute every notebook, leave figures and tables, print paper vs here")
    .addOption(new Option("--preset <name>", "size (default: by engine)").choices(presetNames))
    .option("--only <prefix...>", "only notebooks whose names begin so, e.g. 02")
    .addOption(seed())
    .option("--jobs <n>", "experiments side by side (default: one a core)", count)
    .option("--out <dir>", "put executed notebooks, figures and runs there instead of the project's folders")
    .action(async (o: { preset?: string; only?: string[]; seed: number; jobs?: number; out?: string }) =>
      notebookTools().reproduce(o),
    );

  program
    .command("lab")
    .description("start JupyterLab with our kernel")
    .action(async () => {
      process.exitCode = await (
        require("../notebook/jupyter") as typeof import("../notebook/jupyter")
      ).startJupyterLab();
    });
}

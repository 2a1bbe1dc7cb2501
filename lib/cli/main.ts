/** The command line: `npx mask-dpo <verb> --help`. Verbs read and write JSONL files, so that every step can be redone on one's own. */
import path from "node:path";
import { Command } from "commander";
import { UserError } from "../base/check";
import { projectRoot, versionIn } from "../base/files";
import { say } from "./flags";
import { addReportCommand } from "./report";
import { addRunsCommand } from "./runs";
import { addLossCommand } from "./loss";
import { addTrainCommands } from "./train";
import { addWorldCommand } from "./world";
import { diagnose } from "../steps/doctor";
import { addSampleCommand } from "./sample";
import { addAnnotateCommands } from "./annotate";
import { addPairsCommands } from "./pairs";
import { addEvaluateCommands } from "./evaluate";
import { addFormatCommands } from "./formats";
import { addNotebookCommands } from "./notebooks";

const program = new Command("mask-dpo")
  .description("Mask-DPO: sample, annotate, align, evaluate")
  .showHelpAfterError("(add --help for the options)")
  .version(versionIn("package.json"));

let output: string | undefined;

// what the running verb writes: a full disk does not say which file it was
program.hook("preAction", (_program, verb) => {
  output = verb.opts<{ out?: string }>().out;
});

program
  .command("setup")
  .description("install packages, the fastest engine, the notebook kernel")
  .action(async () => {
    await import(/* plain JavaScript, run for its effect */ path.join(projectRoot, "lib/setup/setup.mjs"));
  });

program
  .command("doctor")
  .description("which engine computes here and why, and whether it computes rightly")
  .action(async () => {
    const { facts, checks } = await diagnose();
    for (const [name, value] of facts) say(`${name.padEnd(20)} ${value}`);
    for (const { name, ok, detail } of checks) say(`${ok ? "ok    " : "FAILED"} ${name}: ${detail}`);
    if (!checks.every(({ ok }) => ok)) process.exitCode = 1;
  });

addWorldCommand(program);

addSampleCommand(program);
addAnnotateCommands(program);
addPairsCommands(program);
addTrainCommands(program);

addLossCommand(program);
addEvaluateCommands(program);
addFormatCommands(program);
addNotebookCommands(program);

addReportCommand(program);

addRunsCommand(program);

process.on("SIGINT", () => {
  process.stderr.write("\ninterrupted: what was done is kept; run the same command again to go on\n");
  process.exit(130);
});

program.parseAsync().catch((error: Error) => {
  process.exitCode = error.name === "RunInterrupted" ? 130 : 1;
  process.stderr.write(`mask-dpo: ${explain(error)}\n`);
});

/** One message for whatever a user can cause; a stack for our own mistakes only. */
function explain(error: NodeJS.ErrnoException): string {
  if (error.name === "UserError" || error.name === "RunInterrupted") return error.message;
  if (!error.code || !error.syscall) return error.stack ?? error.message;
  const full = error.code === "ENOSPC" || error.code === "EDQUOT";
  const fix = full
    ? "Free some space and run the same command again: what was already written is kept."
    : "Check the path and its permissions.";
  return new UserError({
    where: error.path ?? output,
    expected: full ? "space to write to" : `to ${error.syscall} it`,
    got: error.message,
    fix,
  }).message;
}

/** The program `mask-dpo`: every command, in the order of its help. */
import { Help, type Command } from "commander";
import { versionIn } from "../base/files";
import { addAgreementCommand, addAnnotateCommand } from "./annotate";
import { addCompletionCommand } from "./help/completion";
import { addBestOfCommand, addEvaluateCommand, addPowerCommand } from "./evaluate";
import type { Terminal } from "./options/flags";
import { addExamples } from "./help/examples";
import { addExportCommand } from "./export";
import { addImportCommand } from "./import";
import { addInspectCommand } from "./inspect";
import { addLintCommand } from "./lint";
import { addLogpsCommand } from "./logps";
import { addLossCommand } from "./loss";
import { addModelCommands } from "./models";
import { addLabCommand, addNotebookCommands } from "./notebooks";
import { addPairsCommand } from "./pairs";
import { addReportCommand } from "./report";
import { addRunsCommand } from "./runs";
import { addSampleCommand } from "./sample";
import { addServeCommand } from "./serve";
import { addSetupCommands } from "./setup";
import { addSiteCommand } from "./site";
import { addTrainCommands } from "./train";
import { addTpoCommand } from "./tpo";
import { Verb } from "./help/verb";
import { addWorldCommand } from "./world";

const commands: readonly ((program: Command) => void)[] = [
  addSetupCommands,
  addWorldCommand,
  addModelCommands,
  addSampleCommand,
  addAnnotateCommand,
  addAgreementCommand,
  addPairsCommand,
  addInspectCommand,
  addLintCommand,
  addTrainCommands,
  addLossCommand,
  addEvaluateCommand,
  addBestOfCommand,
  addPowerCommand,
  addTpoCommand,
  addLogpsCommand,
  addServeCommand,
  addImportCommand,
  addExportCommand,
  addNotebookCommands,
  addReportCommand,
  addSiteCommand,
  addRunsCommand,
  addLabCommand,
  addCompletionCommand,
];

/** A program that has parsed nothing yet, and throws where it would end the process. @param terminal where it speaks */
export function createProgram(terminal: Terminal): Command {
  const help = new Help();
  const program = new Verb("mask-dpo")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .description("Mask-DPO: sample, annotate, mask, align, evaluate")
    .configureHelp({
      optionDescription: (option) => `${help.optionDescription(option)}${option.mandatory ? " (required)" : ""}`,
    })
    .showHelpAfterError("(add --help for the options)")
    .version(versionIn("package.json"));
  for (const add of commands) add(program);
  addExamples(program);
  return program;
}

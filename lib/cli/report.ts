/** `mask-dpo report`: own policies' annotated answers as tables, figures and one page. */
import path from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import type * as ReportModule from "../steps/report/report";
import type { Named } from "../steps/report/answers";
import { json, say, seed, textOf } from "./options/flags";

/** "base=answers.jsonl"; one more of a list. */
function named(text: string, before: Named[] | undefined): Named[] {
  const [, name, file] = /^([A-Za-z0-9][\w.-]*)=(.+)$/.exec(text) ?? [];
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError("Expected name=file, the name of letters, digits, dots, dashes and underscores.");
  return [...(before ?? []), { name, file }];
}

interface ReportFlags {
  questions: string;
  answers: Named[];
  sampled?: Named[];
  pairs?: string;
  trained?: Named[];
  out: string;
  seed: number;
  json?: boolean;
}

/** Adds the verb to the program. */
export function addReportCommand(program: Command): void {
  program
    .command("report")
    .description("scores, comparisons, best of N, masks and training of own policies: tables, figures and report.html")
    .requiredOption("--questions <file>", "questions that were answered (JSONL)")
    .requiredOption(
      "--answers <name=file...>",
      "annotated answers of every policy (JSONL); the others are compared with the first",
      named,
    )
    .option("--sampled <name=file...>", "several annotated answers a question, for best of N", named)
    .option("--pairs <file>", "pairs trained on (JSONL)")
    .option("--trained <name=dir...>", "what training left, for its curves and masks", named)
    .requiredOption("--out <dir>", "folder; an earlier report there is replaced")
    .addOption(seed("of resampling"))
    .addOption(json())
    .action(async ({ sampled = [], trained = [], json, ...flags }: ReportFlags) => {
      const { writeReport } = require("../steps/report/report") as typeof ReportModule; // late: it brings fonts
      const { headline, tables, warnings } = await writeReport({ ...flags, sampled, trained });
      const page = path.join(flags.out, "report.html");
      if (json) return say(JSON.stringify({ headline, tables, warnings, page }, null, 2));
      say(`${headline.join("\n")}\n`);
      for (const table of tables) say(`${textOf(table)}\n`);
      for (const warning of warnings) say(`Beware: ${warning}`);
      say(`report in ${page}`);
    });
}

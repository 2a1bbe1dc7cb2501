/** `mask-dpo pairs`: the best and the worst candidate of every question. */
import type { Command } from "commander";
import { pairReportTable } from "../preference/tables";
import { pairsVerb, type PairsRequest } from "../steps/pairs";
import { answer, json, questions, say, seed, textOf } from "./options/flags";

export function addPairsCommand(program: Command): void {
  program
    .command("pairs")
    .description("best and worst candidate of every question")
    .requiredOption("--candidates <file>", "annotated candidates (JSONL)")
    .addOption(questions())
    .requiredOption("--out <file>", "pairs (JSONL)")
    .option("--drop-unfinished", "leave out candidates that the token limit or a filter cut")
    .addOption(seed())
    .addOption(json())
    .action(({ json, ...request }: PairsRequest & { json?: boolean }) => {
      const report = pairsVerb(request);
      const { candidates, unfinished } = report;
      answer(json, report, () => textOf(pairReportTable(report)));
      if (unfinished === 0 || json) return;
      const what = request.dropUnfinished ? "left out" : "not closed in training; --drop-unfinished leaves them out";
      say(`${unfinished} of ${candidates} candidates were cut: ${what}`);
    });
}

/** `mask-dpo pairs`: the best and the worst candidate of every question. */
import type { Command } from "commander";
import { pairReportTable } from "../preference/tables";
import { toText } from "../show/table";
import { pairsVerb, type PairsRequest } from "../steps/pairs";
import { questions, say, seed } from "./flags";

export function addPairsCommand(program: Command): void {
  program
    .command("pairs")
    .description("best and worst candidate of every question")
    .requiredOption("--candidates <file>", "annotated candidates (JSONL)")
    .addOption(questions())
    .requiredOption("--out <file>", "pairs (JSONL)")
    .addOption(seed())
    .action((request: PairsRequest) => say(toText(pairReportTable(pairsVerb(request)))));
}

/** `mask-dpo pairs` and `inspect`. */
import type { Command } from "commander";
import { inspectVerb } from "../steps/inspect";
import { pairsVerb } from "../steps/pairs";
import { mask, model, say, seed, questions } from "./flags";
import { pairReportTable } from "../preference/tables";
import { toText } from "../show/table";
import type { MaskKind } from "../preference/mask";

/** Adds the verbs to the program. */
export function addPairsCommands(program: Command): void {
  program
    .command("pairs")
    .description("best and worst candidate of every question")
    .requiredOption("--candidates <file>", "annotated candidates (JSONL)")
    .addOption(questions())
    .requiredOption("--out <file>", "pairs (JSONL)")
    .addOption(seed())
    .action((o: { candidates: string; questions?: string; out: string; seed: number }) =>
      say(toText(pairReportTable(pairsVerb(o)))),
    );

  program
    .command("inspect")
    .description("one HTML page that shows every token of every pair")
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .addOption(model())
    .addOption(mask())
    .requiredOption("--out <file>", "HTML")
    .addOption(seed())
    .action((o: { pairs: string; model: string; mask: MaskKind; out: string; seed: number }) =>
      say(`${inspectVerb(o)} pairs in ${o.out}`),
    );
}

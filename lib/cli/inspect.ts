/** `mask-dpo inspect`: pairs token by token. */
import type { Command } from "commander";
import { inspectVerb, type InspectRequest } from "../steps/inspect";
import { mask, model, say, seed } from "./options/flags";

export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .description("one HTML page that shows every token of every pair")
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .addOption(model())
    .addOption(mask())
    .requiredOption("--out <file>", "HTML")
    .addOption(seed())
    .action((request: InspectRequest) => say(`${inspectVerb(request)} pairs in ${request.out}`));
}

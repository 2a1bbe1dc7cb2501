/** `mask-dpo logps`: what a policy makes of pairs. */
import type { Command } from "commander";
import { someOf } from "../base/check";
import { logpsVerb, type LogpsRequest } from "../steps/logps";
import { mask, model, say, seed } from "./options/flags";

export function addLogpsCommand(program: Command): void {
  program
    .command("logps")
    .description("masked sums of log-probabilities, a line per pair")
    .addOption(model())
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .addOption(mask())
    .requiredOption("--out <file>", "JSONL")
    .addOption(seed())
    .action(async (request: LogpsRequest) => {
      const { rows, leftOut } = await logpsVerb(request);
      const ids = `${leftOut.length} left out (longer than the model's positions): ${someOf(leftOut)}`;
      const without = leftOut.length > 0 ? `, ${ids}` : "";
      say(`${rows} pairs in ${request.out}${without}`);
    });
}

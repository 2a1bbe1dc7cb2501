/** `mask-dpo inspect`: pairs token by token. */
import type { Command } from "commander";
import { inspectVerb, type InspectRequest } from "../steps/inspect/inspect";
import { mask, model, say, seed } from "./options/flags";

const pageHelp = `
The page is one file that needs no network. It switches masks, sorts and filters, keeps its state in its address, and
lets verdicts be corrected: it saves the pairs as a file for train, with the command. With --policy it colours tokens by
what the loss pushes: the gradient of a pair's loss with respect to each token's log-probability, as mask-dpo loss
computes it, of every objective that looks at no more than one pair's log-probabilities.`;

export function addInspectCommand(program: Command): void {
  program
    .command("inspect")
    .description("one HTML page that shows every token of every pair, and takes corrections of verdicts")
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .addOption(model())
    .option("--policy <dir>", "colour tokens by what the loss pushes under it; its reference is --model")
    .addOption(mask())
    .requiredOption("--out <file>", "HTML")
    .addOption(seed())
    .addHelpText("after", pageHelp)
    .action(async (o: InspectRequest, command: Command) => {
      const modelGiven = command.getOptionValueSource("model") === "cli" ? o.model : undefined;
      const { pairs, tooLong } = await inspectVerb({ ...o, modelGiven });
      const without = tooLong > 0 ? `, ${tooLong} without push (longer than the model's positions)` : "";
      say(`${pairs} pairs in ${o.out}${without}`);
    });
}

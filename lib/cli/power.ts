/** `mask-dpo power`: topics, seeds and answers that a comparison needs, from a pilot. */
import type { Command } from "commander";
import { toText } from "../show/table";
import { powerVerb, type PowerRequest } from "../steps/power";
import { number, questions, say } from "./flags";

export function addPowerCommand(program: Command): void {
  program
    .command("power")
    .description("topics, seeds and answers needed to find a difference of scores, from a pilot")
    .requiredOption("--answers <file...>", "annotated answers of a policy, a file a training seed (JSONL)")
    .option("--against <file...>", "of the policy it is set against, in the same order (default: one like it)", [])
    .addOption(questions())
    .option("--effect <points>", "difference of scores that should be found", number(0.01, 100), 1)
    .option("--power <p>", "with which probability", number(0.5, 0.999), 0.8)
    .action((request: PowerRequest) => say(powerVerb(request).map(toText).join("\n\n")));
}

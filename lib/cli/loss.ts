/** `mask-dpo loss`. */
import type { Command } from "commander";
import { lossVerb } from "../steps/loss";
import { say } from "./flags";
import { objectiveOf, withObjective, type ObjectiveFlags } from "./schemaFlags";

export function addLossCommand(program: Command): void {
  withObjective(
    program
      .command("loss")
      .description("an objective and its gradient on given log-probabilities, in float64: to check another trainer")
      .requiredOption(
        "--in <file>",
        "rows {id, chosen: {logps, reference, weights}, rejected: {…}}, values a token (JSONL)",
      )
      .requiredOption("--out <file>", "rows {id, loss, chosenGradient, rejectedGradient} (JSONL)"),
  ).action((o: { in: string; out: string } & ObjectiveFlags) => {
    say(`${lossVerb(objectiveOf(o), o.in, o.out)} losses in ${o.out}`);
  });
}

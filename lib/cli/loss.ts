/** `mask-dpo loss`. */
import type { Command } from "commander";
import { lossVerb } from "../steps/loss";
import { say } from "./options/flags";
import { objectiveOf, withObjective, type ObjectiveFlags } from "./options/schemaFlags";

const rowHelp = `
Rows: gradients are those of the row's own loss, with respect to its logps. Weights default to 1; a mask is weights of 0
and 1, and n counts tokens with a weight above 0. A side without one has a log-ratio of 0, and no mean. kto and fkto add
up the losses of both sides, twice a mean over items; fkto adds twice the mean over the row's sentences.
Further keys, each only for objectives that look at it:
  of a side, a number a token:
    kl             KL divergence over the vocabulary, a constant (tdpo1, tdpo2: KL(reference || policy); tis-dpo with
                   alpha: KL(policy || reference))
    logSumSquares  log of the sum of squared probabilities over the vocabulary, a constant (wpo)
  of a side:
    label          1 for one with a hallucination (f-dpo; default: 0 of chosen, 1 of rejected)
    sentences      [{start, end, label}] by tokens, end behind the last, label 1 for a hallucination (fkto)
    mismatched     {logps, reference, weights, sentences} of a completion of another prompt (kto, fkto)
  of a row:
    z0, sentenceZ0 zero points (kto, fkto), unless --option gives them for all; default: the mean log-ratio of all
                   mismatched of the file, or 0 where it is below`;

export function addLossCommand(program: Command): void {
  withObjective(
    program
      .command("loss")
      .description("an objective and its gradient on given log-probabilities, in float64: to check another trainer")
      .requiredOption(
        "--in <file>",
        "rows {id, chosen: {logps, reference, weights}, rejected: {…}}, values a token (JSONL; see below)",
      )
      .requiredOption("--out <file>", "rows {id, loss, chosenGradient, rejectedGradient} (JSONL)"),
  )
    .addHelpText("after", rowHelp)
    .action((o: { in: string; out: string } & ObjectiveFlags) => {
      say(`${lossVerb(objectiveOf(o), o.in, o.out)} losses in ${o.out}`);
    });
}

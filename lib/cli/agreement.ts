/** `mask-dpo agreement`: an annotator against human labels. */
import type { Command } from "commander";
import { toText } from "../show/table";
import { agreementTables, agreementVerb, type AgreementRequest } from "../steps/agreement";
import { questions, say, seed } from "./flags";

export function addAgreementCommand(program: Command): void {
  program
    .command("agreement")
    .description("how far an annotator agrees with human labels")
    .requiredOption("--human <file>", "annotated candidates (JSONL)")
    .requiredOption("--annotated <file>", "the same, annotated by the annotator (JSONL)")
    .addOption(questions())
    .addOption(seed())
    .action((request: AgreementRequest) => say(agreementTables(agreementVerb(request)).map(toText).join("\n\n")));
}

/**
 * `mask-dpo annotate`: a verdict for every sentence, by Atlas's oracle or another annotator of the registry;
 * `agreement`: an annotator against human labels.
 */
import { Option, type Command } from "commander";
import { agreementTables, agreementVerb, type AgreementRequest } from "../steps/agreement";
import { annotateDefaults, type ServerAnnotateFlags } from "../steps/annotateServed";
import { annotateBy, annotators } from "../steps/annotators";
import { annotatorHelp, annotatorOptions } from "./options/annotatorFlags";
import { answer, count, json, number, questions, say, seed, textOf } from "./options/flags";
import { withServer } from "./options/serverFlags";

export function addAnnotateCommand(program: Command): void {
  const command = program
    .command("annotate")
    .description("annotate every sentence, with Atlas's oracle or a language model")
    .requiredOption(
      "--candidates <file>",
      "candidates (JSONL); a language model keeps the sentences of rows that have them",
    )
    .addOption(questions())
    .requiredOption("--out <file>", "annotated candidates (JSONL)")
    .addOption(
      new Option("--annotator <name>", "who judges (see below)")
        .choices(annotators.map(({ name }) => name))
        .default("oracle"),
    )
    .addOption(seed());
  withServer(command, new Option("--server <url>", "the server of the judging model"));
  for (const option of annotatorOptions()) command.addOption(option);
  command
    .option("--tries <n>", "replies asked for until one can be parsed", number(1, 100, true), annotateDefaults.tries)
    .option("--max-reply-tokens <n>", "longest reply of a judging model", count, annotateDefaults.maxReplyTokens)
    .option("--cache <dir>", "folder of replies, which runs may share (default: <out>.run)")
    .addHelpText("after", annotatorHelp())
    .action(async (flags: ServerAnnotateFlags) => say(await annotateBy(flags)));
}

export function addAgreementCommand(program: Command): void {
  program
    .command("agreement")
    .description("how far an annotator agrees with human labels")
    .requiredOption("--human <file>", "annotated candidates (JSONL)")
    .requiredOption("--annotated <file>", "the same, annotated by the annotator (JSONL)")
    .addOption(questions())
    .addOption(seed())
    .addOption(json())
    .action(({ json, ...request }: AgreementRequest & { json?: boolean }) => {
      const found = agreementVerb(request);
      answer(json, found, () => textOf(...agreementTables(found)));
    });
}

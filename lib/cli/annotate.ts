/** `mask-dpo annotate`: a verdict for every sentence, by Atlas's oracle or another annotator of the registry. */
import { Option, type Command } from "commander";
import { annotateDefaults, type ServerAnnotateFlags } from "../steps/annotateServed";
import { annotateBy, annotators } from "../steps/annotators";
import { annotatorHelp, annotatorOptions } from "./annotatorFlags";
import { count, number, questions, say, seed } from "./flags";
import { withServer } from "./serverFlags";

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

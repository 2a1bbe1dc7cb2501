/** `mask-dpo annotate`: a verdict for every sentence, by Atlas's oracle or a language model on a server. */
import { Option, type Command } from "commander";
import { UserError } from "../base/check";
import { annotateVerb } from "../steps/annotate";
import {
  annotateDefaults,
  annotateServerVerb,
  serverAnnotators,
  type ServerAnnotateFlags,
} from "../steps/annotateServed";
import { refuseServerFlags } from "../steps/server";
import { count, questions, say, seed } from "./flags";
import { withServer } from "./serverFlags";

type AnnotateFlags = Omit<ServerAnnotateFlags, "annotator"> & {
  annotator: ServerAnnotateFlags["annotator"] | "oracle";
};

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
      new Option("--annotator <name>", "who judges").choices(["oracle", ...serverAnnotators]).default("oracle"),
    )
    .addOption(seed());
  withServer(command, new Option("--server <url>", "the server of the judging model"))
    .option("--documents <file>", "anah: reference documents {questionId or topic, document} (JSONL)")
    .option(
      "--knowledge <file>",
      "factscore: articles {title, text} named as the topics (JSONL, or FActScore's SQLite database)",
    )
    .option("--answers <n>", "self-consistency: answers per fact", count, annotateDefaults.answers)
    .option("--answer-model <name>", "self-consistency: the model that answers (default: --model-name)")
    .option("--tries <n>", "replies asked for until one can be parsed", count, annotateDefaults.tries)
    .option("--cache <dir>", "folder of replies, which runs may share (default: <out>.run)")
    .action(annotate);
}

async function annotate(flags: AnnotateFlags): Promise<void> {
  const { annotator, server, out } = flags;
  if (annotator === "oracle" && server)
    throw new UserError({
      where: "--annotator",
      expected: `${serverAnnotators.join(" | ")} with --server`,
      got: "oracle",
      fix: "Name one of them, or leave --server out.",
    });
  if (!server) refuseServerFlags(flags);
  if (annotator !== "oracle") return say(await annotateServerVerb({ ...flags, annotator }));
  const annotated = await annotateVerb(flags);
  say(`${annotated.length} annotated candidates in ${out}`);
}

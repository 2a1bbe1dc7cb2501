/** `mask-dpo annotate` and `agreement`: verdicts, and how far an annotator is to be believed. */
import { Command, Option } from "commander";
import { UserError } from "../base/check";
import { agreementTables, agreementVerb } from "../steps/agreement";
import { annotateVerb } from "../steps/annotate";
import { count, number, say, seed, questions } from "./flags";
import { withServer } from "./serverFlags";
import {
  annotateDefaults,
  annotateServerVerb,
  serverAnnotators,
  type ServerAnnotateFlags,
} from "../steps/annotateServed";
import { refuseServerFlags } from "../steps/server";
import { toText } from "../show/table";

/** Adds the verbs to the program. */
export function addAnnotateCommands(program: Command): void {
  withServer(
    program
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
      .addOption(seed()),
    new Option("--server <url>", "the server of the judging model"),
    number,
  )
    .option("--documents <file>", "anah: reference documents {questionId or topic, document} (JSONL)")
    .option(
      "--knowledge <file>",
      "factscore: articles {title, text} named as the topics (JSONL, or FActScore's SQLite database)",
    )
    .option("--answers <n>", "self-consistency: answers per fact", count, annotateDefaults.answers)
    .option("--answer-model <name>", "self-consistency: the model that answers (default: --model-name)")
    .option("--tries <n>", "replies asked for until one can be parsed", count, annotateDefaults.tries)
    .option("--cache <dir>", "folder of replies, which runs may share (default: <out>.run)")
    .action(
      async (
        o: Omit<ServerAnnotateFlags, "annotator"> & { annotator: ServerAnnotateFlags["annotator"] | "oracle" },
      ) => {
        const { annotator } = o;
        if (annotator === "oracle" && o.server)
          throw new UserError({
            where: "--annotator",
            expected: `${serverAnnotators.join(" | ")} with --server`,
            got: "oracle",
            fix: "Name one of them, or leave --server out.",
          });
        if (!o.server) refuseServerFlags(o);
        say(
          annotator === "oracle"
            ? `${(await annotateVerb(o)).length} annotated candidates in ${o.out}`
            : await annotateServerVerb({ ...o, annotator }),
        );
      },
    );

  program
    .command("agreement")
    .description("how far an annotator agrees with human labels")
    .requiredOption("--human <file>", "annotated candidates (JSONL)")
    .requiredOption("--annotated <file>", "the same, annotated by the annotator (JSONL)")
    .addOption(questions())
    .addOption(seed())
    .action((o: { human: string; annotated: string; questions?: string; seed: number }) =>
      say(agreementTables(agreementVerb(o)).map(toText).join("\n\n")),
    );
}

/** `mask-dpo tpo`: answers that a model behind a server improves by its own critique. */
import { Option, type Command } from "commander";
import type { SamplingOptions } from "../model/generate";
import { toText } from "../show/table";
import { annotators } from "../steps/annotators";
import { tpoDefaults, tpoVerb, type TpoFlags } from "../steps/tpo/tpo";
import { completions, count, number, say, seed } from "./options/flags";
import { withServer } from "./options/serverFlags";

type Flags = Omit<TpoFlags, "sampling"> & SamplingOptions;

export function addTpoCommand(program: Command): void {
  const command = program
    .command("tpo")
    .description("test-time preference optimisation: a model revises its answers by its own critique (resumes)")
    .requiredOption("--questions <file>", "questions (JSONL)")
    .requiredOption("--out <file>", "the best answer to each, annotated (JSONL)")
    .addOption(
      new Option("--annotator <name>", "who scores answers")
        .choices(annotators.filter(({ server }) => !server).map(({ name }) => name))
        .default("oracle"),
    )
    .option("--samples <n>", "answers a round", completions, tpoDefaults.samples)
    .option(
      "--rounds <n>",
      "of critique and revision, after the first answers",
      number(0, 100, true),
      tpoDefaults.rounds,
    )
    .option("--temperature <t>", "0 is greedy", number(0, 100), tpoDefaults.temperature)
    .option("--top-k <k>", "0 switches it off", number(0, 1_000_000, true), tpoDefaults.topK)
    .option("--top-p <p>", "1 switches it off", number(1e-9, 1), tpoDefaults.topP)
    .option("--max-new-tokens <n>", "of an answer or a critique", count, 256)
    .addOption(seed());
  withServer(command, new Option("--server <url>", "the server of the model")).action(
    async ({ temperature, topK, topP, maxNewTokens, ...flags }: Flags) => {
      const { text, table } = await tpoVerb({ ...flags, sampling: { temperature, topK, topP, maxNewTokens } });
      say([...(table ? [toText(table)] : []), text].join("\n\n"));
    },
  );
}

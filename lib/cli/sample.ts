/** `mask-dpo sample`: candidates from a policy here or from a server. */
import { type Command, Option } from "commander";
import { sampleServerVerb, sampleVerb, type ServerSampleFlags } from "../steps/sample";
import { count, model, number, say, seed } from "./flags";
import { withServer } from "./serverFlags";
import { refuseServerFlags } from "../steps/server";
import { paperSampling } from "../model/generate";
import { paperCandidates } from "../preference/candidate";

interface SamplingFlags {
  temperature: number;
  topK: number;
  topP: number;
  maxNewTokens: number;
}

const withSampling = (command: Command) =>
  command
    .option("--temperature <t>", "0 is greedy", number(0), paperSampling.temperature)
    .option("--top-k <k>", "0 switches it off", number(0, Infinity, true), paperSampling.topK)
    .option("--top-p <p>", "1 switches it off", number(1e-9, 1), paperSampling.topP)
    .option("--max-new-tokens <n>", "per completion", count, 256);

/** Adds the verb to the program. */
export function addSampleCommand(program: Command): void {
  withServer(
    withSampling(
      program
        .command("sample")
        .description("sample K candidates of every question (resumes)")
        .addOption(model())
        .requiredOption("--questions <file>", "questions (JSONL)")
        .requiredOption("--out <file>", "candidates (JSONL)")
        .option("--k <n>", "candidates per question", count, paperCandidates)
        .addOption(seed()),
    ),
    new Option("--server <url>", "sample from a server instead of --model").conflicts("model"),
    number,
  )
    .option(
      "--logprobs",
      "with --server: keep per-token log-probabilities, where it gives them, in <out>.run/logprobs.jsonl",
    )
    .option(
      "--tokenizer <dir>",
      "with --server: send prompts as text made with this folder's tokenizer and template, as --model would see them (for models without a chat template)",
    )
    .action(async (o: { model: string } & Omit<ServerSampleFlags, "sampling"> & SamplingFlags) => {
      const { temperature, topK, topP, maxNewTokens, questions, out, k, seed } = o;
      const sampling = { temperature, topK, topP, maxNewTokens };
      if (!o.server) refuseServerFlags(o);
      say(
        o.server
          ? await sampleServerVerb({ ...o, sampling })
          : `${await sampleVerb({ model: o.model, questions, out, k, seed, sampling })} candidates in ${out}`,
      );
    });
}

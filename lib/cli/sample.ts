/** `mask-dpo sample`: candidates of every question, from a policy here or from a server. */
import { Option, type Command } from "commander";
import { paperSampling, type SamplingOptions } from "../model/generate";
import { paperCandidates } from "../preference/candidate";
import { sampleNotes, sampleServerVerb, sampleVerb, type ServerSampleFlags } from "../steps/sample";
import { refuseServerFlags } from "../steps/server";
import { completions, count, model, number, say, seed } from "./options/flags";
import { withServer } from "./options/serverFlags";

type SamplingFlags = Pick<SamplingOptions, "temperature" | "topK" | "topP" | "maxNewTokens">;
type SampleFlags = { model: string } & Omit<ServerSampleFlags, "sampling"> & SamplingFlags;

const withSampling = (command: Command): Command =>
  command
    .option("--temperature <t>", "0 is greedy", number(0, 100), paperSampling.temperature)
    .option("--top-k <k>", "0 switches it off", number(0, 1_000_000, true), paperSampling.topK)
    .option("--top-p <p>", "1 switches it off", number(1e-9, 1), paperSampling.topP)
    .option("--max-new-tokens <n>", "per completion", count, 256);

export function addSampleCommand(program: Command): void {
  const command = program
    .command("sample")
    .description("sample K candidates of every question (resumes)")
    .addOption(model())
    .requiredOption("--questions <file>", "questions (JSONL)")
    .requiredOption("--out <file>", "candidates (JSONL)")
    .option("--k <n>", "candidates per question", completions, paperCandidates)
    .addOption(seed());
  const server = new Option("--server <url>", "sample from a server instead of --model").conflicts("model");
  withServer(withSampling(command), server)
    .option(
      "--logprobs",
      "with --server: keep per-token log-probabilities, where it gives them, in <out>.run/logprobs.jsonl",
    )
    .option(
      "--tokenizer <dir>",
      "with --server: send prompts as text made with this folder's tokenizer and template, " +
        "as --model would see them (for models without a chat template)",
    )
    .action(sample);
}

async function sample(flags: SampleFlags): Promise<void> {
  const { model, temperature, topK, topP, maxNewTokens, questions, out, k, seed } = flags;
  const sampling = { temperature, topK, topP, maxNewTokens };
  if (flags.server) return say(await sampleServerVerb({ ...flags, sampling }));
  refuseServerFlags(flags);
  const report = await sampleVerb({ model, questions, out, k, seed, sampling });
  say(`${report.rows} candidates in ${out}${sampleNotes(report, sampling)}`);
}

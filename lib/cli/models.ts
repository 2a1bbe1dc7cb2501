/** `mask-dpo import-model`: models from where people have them. */
import type { Command } from "commander";
import { importModelVerb } from "../steps/importModel";
import { say } from "./flags";

export function addModelCommands(program: Command): void {
  program
    .command("import-model")
    .argument("<file>", "model in GGUF, as Ollama, LM Studio and llama.cpp have them")
    .description("a Hugging Face folder of a GGUF file, whose quantised numbers become float32")
    .requiredOption("--out <dir>", "folder")
    .addHelpText(
      "after",
      `
Llama and Qwen2 architectures in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K.
Example: mask-dpo import-model SmolLM2-135M-Instruct.Q4_1.gguf --out mine/base`,
    )
    .action((file: string, { out }: { out: string }) => {
      const { architecture, weights, stored, chatTemplate } = importModelVerb({ file, out });
      const template = chatTemplate ? "" : "; it has no chat template";
      say(`${architecture}, ${(weights / 1e6).toFixed(1)}M weights (${stored.join(", ")}) in ${out}${template}`);
    });
}

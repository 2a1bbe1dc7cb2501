/** `mask-dpo export`: pairs for other trainers. */
import path from "node:path";
import { Option, type Command } from "commander";
import type { MaskKind } from "../preference/mask";
import { pairFormatNames, type PairFormatName } from "../preference/formats/registry";
import { keptText } from "../preference/tokenizeFor";
import { exportTorchVerb, exportVerb } from "../steps/export";
import { formatLines, mask, model, say, seed } from "./options/flags";
import { trainOptions, withTraining, type TrainingFlags } from "./options/schemaFlags";

const formats: Readonly<Record<PairFormatName | "torch", string>> = {
  official:
    "sentences as strings with two labels; lost for its trainer: " +
    "spans (it masks by adding up token counts), no-fact, token ids",
  trl: "conversational rows; lost for its trainer: verdicts, and with them the mask. With --model as torch",
  llamafactory: "sharegpt rows and the entry of dataset_info.json; lost as for trl",
  axolotl: "chat_template.default rows and the entry of its configuration; lost as for trl",
  torch:
    "token ids, masks, batches and learning rates as mask-dpo train takes them, " +
    "with a training loop and a DPOTrainer of TRL's that read them; objectives that look at more than " +
    "sums of log-probabilities and labels are refused by name; " +
    "texts and verdicts are only in ids and masks, so it is not imported back",
};

const help = `
${formatLines(formats)}
What is lost for the trainer rides along in a column mask_dpo, from which mask-dpo import takes it back.
--model, --mask, --seed and the options of training are for torch, and for trl with --model.`;

type ExportFlags = TrainingFlags & {
  to: PairFormatName | "torch";
  pairs: string;
  out: string;
  model: string;
  mask: MaskKind;
  seed: number;
};

export function addExportCommand(program: Command): void {
  withTraining(
    program
      .command("export")
      .description("preference pairs for other trainers")
      .addOption(new Option("--to <format>", "whose").choices([...pairFormatNames, "torch"]).makeOptionMandatory())
      .requiredOption("--pairs <file>", "pairs (JSONL)")
      .requiredOption("--out <dir>", "folder")
      .addOption(model())
      .addOption(mask())
      .addOption(seed()),
  )
    .addHelpText("after", help)
    .action(exportPairs);
}

function exportPairs(flags: ExportFlags, command: Command): void {
  const { to, pairs: file, out } = flags;
  const asTensors = to === "trl" && command.getOptionValueSource("model") === "cli";
  if (to !== "torch" && !asTensors) {
    const { pairs, unfinished, files } = exportVerb({ to, pairs: file, out });
    const cut = `; ${unfinished} have a side that was cut, which the trainer will close (pairs --drop-unfinished)`;
    return say(`${pairs} pairs in ${files.join(", ")}${unfinished > 0 ? cut : ""}`);
  }
  const { report, steps } = exportTorchVerb({ ...flags, policyDir: flags.model, options: trainOptions(flags) });
  say(`${keptText(report)}, ${steps} steps; how to train in ${path.join(out, "README.md")}`);
}

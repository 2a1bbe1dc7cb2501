/** `mask-dpo import` and `export`: pairs from and for other projects. */
import path from "node:path";
import { Command, Option } from "commander";
import {
  type ImportName,
  labelFormatNames,
  type PairFormatName,
  pairFormatNames,
} from "../preference/formats/registry";
import { exportTorchVerb, exportVerb } from "../steps/export";
import { mask, model, say, seed } from "./flags";
import { trainOptions, withTraining, type TrainingFlags } from "./schemaFlags";
import { pairReportTable } from "../preference/tables";
import { importSummary, importVerb } from "../steps/import";
import { toText } from "../show/table";
import type { MaskKind } from "../preference/mask";

/** Adds the verbs to the program. */
export function addFormatCommands(program: Command): void {
  program
    .command("import")
    .description(
      "preference pairs from the files of other projects; every sentence that is not in its text is named, and its row left out",
    )
    .addOption(
      new Option("--from <format>", "whose").choices([...pairFormatNames, ...labelFormatNames]).makeOptionMandatory(),
    )
    .requiredOption("--in <files...>", "JSON Lines, a JSON array (.json) or Parquet (.parquet)")
    .requiredOption("--out <file>", "pairs (JSONL)")
    .addOption(seed())
    .addHelpText(
      "after",
      `
official      Mask-DPO's own rows; hallucination becomes unverifiable, no_hallucination supported
trl           explicit or implicit prompt, conversational or plain; no verdicts, so only --mask none trains on them
llamafactory  sharegpt preference rows; no verdicts
axolotl       chat_template.default rows; no verdicts
factscore     labelled biographies, a file a model: pairs of a topic's best and worst; facts become one verdict a sentence
halueval      responses with hallucinated spans: pairs of a query's best and worst; spans become one verdict a sentence
Rows that mask-dpo export wrote give back the same pairs.`,
    )
    .action(async (o: { from: ImportName; in: string[]; out: string; seed: number }) => {
      const imported = await importVerb({ ...o, files: o.in });
      if (imported.made) say(toText(pairReportTable(imported.made.report)));
      say(importSummary(imported, o.out));
    });

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
    .addHelpText(
      "after",
      `
official      sentences as strings with two labels; lost for its trainer: spans (it masks by adding up token counts), no-fact, token ids
trl           conversational rows; lost for its trainer: verdicts, and with them the mask. With --model as torch
llamafactory  sharegpt rows and the entry of dataset_info.json; lost as for trl
axolotl       chat_template.default rows and the entry of its configuration; lost as for trl
torch         token ids, masks, batches and learning rates as mask-dpo train takes them, with a training loop and a DPOTrainer of TRL's that read them; texts and verdicts are only in ids and masks, so it is not imported back
What is lost for the trainer rides along in a column mask_dpo, from which mask-dpo import takes it back.
--model, --mask, --seed and the options of training are for torch, and for trl with --model.`,
    )
    .action(
      (
        o: {
          to: PairFormatName | "torch";
          pairs: string;
          out: string;
          model: string;
          mask: MaskKind;
          seed: number;
        } & TrainingFlags,
        command: Command,
      ) => {
        if (o.to !== "torch" && !(o.to === "trl" && command.getOptionValueSource("model") === "cli")) {
          const { pairs, files } = exportVerb({ ...o, to: o.to });
          return say(`${pairs} pairs in ${files.join(", ")}`);
        }
        const { report, steps } = exportTorchVerb({ ...o, policyDir: o.model, options: trainOptions(o) });
        say(
          `${report.kept} of ${report.pairs} pairs (${report.emptied.length} emptied by the mask, ${report.tooLong.length} too long), ${steps} steps; how to train in ${path.join(o.out, "README.md")}`,
        );
      },
    );
}

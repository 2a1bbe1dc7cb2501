/** `mask-dpo import`: pairs from the files of other projects. */
import { Option, type Command } from "commander";
import { labelFormatNames, pairFormatNames, type ImportName } from "../preference/formats/registry";
import { pairReportTable } from "../preference/tables";
import { importSummary, importVerb } from "../steps/import";
import { answer, formatLines, json, seed, textOf } from "./options/flags";

const formats: Readonly<Record<ImportName, string>> = {
  official: "Mask-DPO's own rows; hallucination becomes unverifiable, no_hallucination supported",
  trl: "explicit or implicit prompt (also in a column question, say, with one of system); no verdicts: --mask none",
  llamafactory: "alpaca, sharegpt or openai preference rows; no verdicts",
  axolotl: "chat_template.default rows; no verdicts",
  factscore:
    "labelled biographies, a file a model: pairs of a topic's best and worst; facts become one verdict a sentence, " +
    "the true ones a topic's document, for agreement of judges",
  halueval:
    "qa, dialogue, summarization: a pair a row; general queries: a query's best and worst by their hallucinated spans",
};

interface ImportFlags {
  from: ImportName;
  in: string[];
  out: string;
  seed: number;
  json?: boolean;
}

export function addImportCommand(program: Command): void {
  program
    .command("import")
    .description(
      "preference pairs from the files of other projects; " +
        "every sentence that is not in its text is named, and its row left out; columns that are not used are counted",
    )
    .addOption(
      new Option("--from <format>", "whose").choices([...pairFormatNames, ...labelFormatNames]).makeOptionMandatory(),
    )
    .requiredOption("--in <files...>", "JSON Lines, a JSON array (.json) or Parquet (.parquet)")
    .requiredOption("--out <file>", "pairs (JSONL)")
    .addOption(seed())
    .addOption(json())
    .addHelpText("after", `\n${formatLines(formats)}\nRows that mask-dpo export wrote give back the same pairs.`)
    .action(async ({ from, in: files, out, seed, json }: ImportFlags) => {
      const imported = await importVerb({ from, files, out, seed });
      const { rows, pairs, location, unused, made } = imported;
      answer(json, { rows, pairs: pairs.length, location, unused: Object.fromEntries(unused), made }, () =>
        [...(made ? [textOf(pairReportTable(made.report))] : []), importSummary(imported, out)].join("\n"),
      );
    });
}

/** `mask-dpo lint`: token masks against their texts. */
import type { Command } from "commander";
import { driftTable, lintText, shownTexts, summarise, worstTable } from "../preference/lint/lintSummary";
import { lintVerb, type LintRequest } from "../steps/lint";
import { answer, json, model, textOf } from "./options/flags";

const rowHelp = `
--pairs takes what mask-dpo pairs writes and every format of pairs that mask-dpo import reads. Rows may bring a mask
for each side: chosen_labels and rejected_labels (-100 where masked), or _mask, _loss_mask, _completion_mask (0 where
masked), over the completion alone or with the prompt and the closing token; with chosen_ids or chosen_input_ids, and
those of rejected, a mask is laid where these ids are. Rows without a mask have their spans checked.
--official takes rows of the official Mask-DPO code, and masks them as its trainer does.
Exit code: 0 without a fault, 1 with one.`;

export function addLintCommand(program: Command): void {
  program
    .command("lint")
    .description("token masks against their texts: lengths, boundaries, drift, tokens on the wrong side (Eq. 5)")
    .option("--pairs <file>", "pairs, perhaps with token masks (JSONL, .json, .parquet)")
    .option("--official <file>", "rows of the official code (JSONL, .json, .parquet)")
    .addOption(model())
    .addOption(json())
    .addHelpText("after", rowHelp)
    .action(async ({ json, ...request }: LintRequest & { json?: boolean }) => {
      const rows = await lintVerb(request);
      const summary = summarise(rows);
      const { drift, worst, ...counts } = summary;
      answer(json, { ...counts, drift, found: rows }, () =>
        [
          lintText(summary),
          ...(drift ? [textOf(driftTable({ ...summary, drift }))] : []),
          ...(worst.length > 0 ? [textOf(worstTable(summary))] : []),
          ...shownTexts(summary),
        ].join("\n\n"),
      );
      if (summary.faulty > 0) process.exitCode = 1;
    });
}

/** `mask-dpo evaluate`, `best-of-n` and `logps`: what a policy's answers, and its log-probabilities, come to. */
import path from "node:path";
import { Command, Option } from "commander";
import { writeJsonl } from "../base/jsonl";
import { annotateVerb } from "../steps/annotate";
import { bestOfVerb } from "../steps/bestOfN";
import { summaryOf } from "../steps/evaluate";
import { logpsVerb } from "../steps/logps";
import { sampleVerb } from "../steps/sample";
import { count, mask, model, say, seed, questions } from "./flags";
import { bestOfTable, evaluationTable } from "../evaluation/tables";
import { toText } from "../show/table";
import { greedySampling, paperSampling } from "../model/generate";
import type { MaskKind } from "../preference/mask";
import { loadAtlas } from "../world/atlas";

/** Adds the verbs to the program. */
export function addEvaluateCommands(program: Command): void {
  program
    .command("evaluate")
    .description("answer questions and count correct, incorrect and no-fact sentences")
    .addOption(model())
    .addOption(questions())
    .addOption(
      new Option("--split <name>", "Atlas's questions, without --questions")
        .choices(["validation", "test", "ood"])
        .default("test"),
    )
    .addOption(
      new Option("--decoding <how>", "greedy (Table 1) or sampled (Table 6)")
        .choices(["greedy", "sampled"])
        .default("greedy"),
    )
    .option("--samples <n>", "answers per question when sampled", count, 4)
    .option("--max-new-tokens <n>", "per answer", count, 256)
    .requiredOption("--out <file>", "annotated answers (JSONL)")
    .addOption(seed())
    .action(
      async (o: {
        model: string;
        questions?: string;
        split: "validation" | "test" | "ood";
        decoding: "greedy" | "sampled";
        samples: number;
        maxNewTokens: number;
        out: string;
        seed: number;
      }) => {
        const file = o.questions ?? `${o.out}.run/questions.jsonl`;
        if (!o.questions) writeJsonl(file, loadAtlas().splits[o.split]);
        const sampling = {
          ...(o.decoding === "greedy" ? greedySampling : paperSampling),
          maxNewTokens: o.maxNewTokens,
        };
        const candidates = `${o.out}.run/candidates.jsonl`;
        await sampleVerb({
          model: o.model,
          questions: file,
          out: candidates,
          k: o.decoding === "greedy" ? 1 : o.samples,
          sampling,
          seed: o.seed,
        });
        await annotateVerb({ candidates, questions: file, out: o.out });
        say(toText(evaluationTable([{ label: path.basename(o.model), summary: summaryOf(o.out, file, o.seed) }])));
      },
    );

  program
    .command("best-of-n")
    .description("score of the best of N answers, N = 1, 2, 4, …")
    .requiredOption("--answers <file>", "annotated answers, several per question (JSONL)")
    .addOption(questions())
    .option("--most <n>", "largest N", count)
    .addOption(seed())
    .action((o: { answers: string; questions?: string; most?: number; seed: number }) =>
      say(
        toText(
          bestOfTable([
            { label: path.basename(o.answers), points: bestOfVerb(o.answers, o.questions, o.seed, o.most) },
          ]),
        ),
      ),
    );

  program
    .command("logps")
    .description("masked sums of log-probabilities, a line per pair")
    .addOption(model())
    .requiredOption("--pairs <file>", "pairs (JSONL)")
    .addOption(mask())
    .requiredOption("--out <file>", "JSONL")
    .addOption(seed())
    .action(async (o: { model: string; pairs: string; mask: MaskKind; out: string; seed: number }) => {
      const { rows, leftOut } = await logpsVerb(o);
      say(`${rows} pairs in ${o.out}${leftOut ? `, ${leftOut} left out (longer than the model's positions)` : ""}`);
    });
}

/** `mask-dpo evaluate`, `best-of-n` and `power`: what the answers of a policy come to. */
import path from "node:path";
import { Option, type Command } from "commander";
import { bestOfTable, evaluationTable } from "../evaluation/tables";
import { bestOfVerb } from "../steps/bestOfN";
import { evaluateVerb, type EvaluateRequest } from "../steps/evaluate";
import { powerVerb, type PowerRequest } from "../steps/power";
import {
  answer,
  complain,
  completions,
  count,
  json,
  model,
  number,
  questions,
  say,
  seed,
  textOf,
} from "./options/flags";

export function addEvaluateCommand(program: Command): void {
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
    .option("--samples <n>", "answers per question when sampled", completions, 4)
    .option("--max-new-tokens <n>", "per answer", count, 256)
    .requiredOption("--out <file>", "annotated answers (JSONL)")
    .addOption(seed())
    .addOption(json())
    .action(async ({ json, ...request }: EvaluateRequest & { json?: boolean }) => {
      const summary = await evaluateVerb(request, json ? (line) => complain(`${line}\n`) : say);
      answer(json, summary, () => textOf(evaluationTable([{ label: path.basename(request.model), summary }])));
    });
}

interface BestOfFlags {
  answers: string;
  questions?: string;
  most?: number;
  seed: number;
  json?: boolean;
}

export function addBestOfCommand(program: Command): void {
  program
    .command("best-of-n")
    .description("score of the best of N answers, N = 1, 2, 4, …")
    .requiredOption("--answers <file>", "annotated answers, several per question (JSONL)")
    .addOption(questions())
    .option("--most <n>", "largest N", count)
    .addOption(seed())
    .addOption(json())
    .action(({ answers, questions, most, seed, json }: BestOfFlags) => {
      const points = bestOfVerb(answers, questions, seed, most);
      answer(json, points, () => textOf(bestOfTable([{ label: path.basename(answers), points }])));
    });
}

export function addPowerCommand(program: Command): void {
  program
    .command("power")
    .description("topics, seeds and answers needed to find a difference of scores, from a pilot")
    .requiredOption("--answers <file...>", "annotated answers of a policy, a file a training seed (JSONL)")
    .option("--against <file...>", "of the policy it is set against, in the same order (default: one like it)", [])
    .addOption(questions())
    .option("--effect <points>", "difference of scores that should be found", number(0.01, 100), 1)
    .option("--power <p>", "with which probability", number(0.5, 0.999), 0.8)
    .addOption(json())
    .action(({ json, ...request }: PowerRequest & { json?: boolean }) => {
      const tables = powerVerb(request);
      answer(json, tables, () => textOf(...tables));
    });
}

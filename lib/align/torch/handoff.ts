/**
 * The hand-off to PyTorch: token ids, loss masks, batches and learning rates as `mask-dpo train` would take them, and
 * two programs that train on them: a loop (train.py) and TRL's DPOTrainer (train_trl.py, for the objectives it has). Of
 * the model only configuration and tokenizer are read, so it may be of any size.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { emptyPairs, tokenizeFor } from "../../preference/tokenizeFor";
import { batchMembers, learningRate } from "../train";
import { UserError } from "../../base/check";
import { checkShared, writeFilesInto } from "../../base/folders";
import { sha256File } from "../../base/hash";
import { jsonLines } from "../../base/jsonl";
import { refuseInputs } from "../../base/outputs";
import { Rng } from "../../base/rng";
import { openTokenizer } from "../../model/checkpoint";
import type { TokenizeReport } from "../../preference/collate";
import { needsOf, type ObjectiveChoice } from "../objective/registry";
import type { SideIds } from "../pairIds";
import { trainingPairs } from "../trainingPairs";
import type { TrainRunRequest } from "../trainRun";

/** What `trainRun` would train. */
export type HandoffRequest = Pick<TrainRunRequest, "policyDir" | "pairs" | "mask" | "options" | "seed" | "out">;

const recipeFiles = ["train.py", "train_trl.py", "objectives.py", "fsdp.yaml", "requirements.txt", "README.md"];

/**
 * Writes the folder; returns what was left out, and the number of steps.
 * @throws UserError where a file of another origin has one of their names, or no pair to train on
 */
export function writeHandoff({ policyDir, pairs, mask, options, seed, out }: HandoffRequest): {
  report: TokenizeReport;
  steps: number;
} {
  refuseInputs([out], [policyDir]);
  checkShared(out, "an earlier export");
  checkCarried(options.objective);
  const { objective, ...rest } = options;
  const { config, tokenizer } = openTokenizer(policyDir);
  const tokenized = tokenizeFor(tokenizer, config, pairs, mask, seed);
  const { report } = tokenized;
  if (tokenized.pairs.length === 0) throw emptyPairs(report);
  const { pairs: kept } = trainingPairs(tokenized, objective, config.maxPositions);
  const rng = new Rng(seed).fork("train");
  const steps = Math.ceil(kept.length / options.batch) * options.epochs;
  const side = ({ ids, weights, label }: SideIds) => ({
    ids: Array.from(ids),
    mask: Array.from(weights),
    ...(label !== undefined && { label }),
  });
  const decided = {
    mask,
    seed,
    objective: objective.name,
    options: objective.options,
    ...rest,
    pairs: kept.length,
    emptied: report.emptied,
    tooLong: report.tooLong,
    tokenizer: sha256File(path.join(policyDir, "tokenizer.json")),
  };
  const tokens = kept.map(({ questionId, chosen, rejected }) => ({
    questionId,
    chosen: side(chosen),
    rejected: side(rejected),
  }));
  const schedule = Array.from({ length: steps }, (_, step) => ({
    step: step + 1,
    lr: learningRate(options, kept.length, step),
    pairs: batchMembers(rng, kept.length, options, step),
  }));
  writeFilesInto(
    out,
    new Map<string, string | Uint8Array>([
      ["recipe.json", `${JSON.stringify(decided, null, 2)}\n`],
      ["tokens.jsonl", jsonLines(tokens)],
      ["steps.jsonl", jsonLines(schedule)],
      ...recipeFiles.map((name): [string, Uint8Array] => [name, readFileSync(path.join(__dirname, name))]),
    ]),
  );
  return { report, steps };
}

/**
 * The programs sum log-probabilities, and know labels of sides and what `objectives.py` has.
 * @throws UserError for an objective that needs more, or that is not there
 */
function checkCarried(choice: ObjectiveChoice): void {
  const known = readFileSync(path.join(__dirname, "objectives.py"), "utf8").matchAll(/^ {4}"([\w-]+)": \w+,$/gm);
  const more = [...needsOf(choice)].filter((need) => need !== "logratio" && need !== "label");
  const carried = Array.from(known, ([, name]) => name!);
  if (more.length === 0 && carried.includes(choice.name)) return;
  throw new UserError({
    where: "--objective",
    expected: `one that the PyTorch recipes carry, of sums of log-probabilities and labels: ${carried.join(", ")}`,
    got: more.length > 0 ? `${choice.name}, which needs ${more.join(" and ")}` : choice.name,
    fix: "Train it with `mask-dpo train`, or check a trainer of your own with `mask-dpo loss`.",
  });
}

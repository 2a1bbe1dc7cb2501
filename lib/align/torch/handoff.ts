/**
 * The hand-off to PyTorch: token ids, loss masks, batches and learning rates as `mask-dpo train` would take them, and
 * two programs that train on them: a loop (train.py) and TRL's DPOTrainer (train_trl.py, for the objectives it has). Of the model only
 * configuration and tokenizer are read, so it may be of any size.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { emptyPairs, tokenizeFor } from "../../preference/tokenizeFor";
import { batchMembers, learningRate } from "../train";
import { UserError } from "../../base/check";
import { writeFileAtomic } from "../../base/files";
import { sha256File } from "../../base/hash";
import { writeJsonl } from "../../base/jsonl";
import { Rng } from "../../base/rng";
import { readConfig } from "../../model/configFile";
import type { TokenizeReport } from "../../preference/collate";
import { checkVocabulary, loadTokenizer } from "../../text/tokenizer";
import { needsOf, type ObjectiveChoice } from "../objective/registry";
import type { SideIds } from "../pairIds";
import { trainingPairs } from "../trainingPairs";
import type { TrainRunRequest } from "../trainRun";

/** What `trainRun` would train. */
export type HandoffRequest = Pick<TrainRunRequest, "policyDir" | "pairs" | "mask" | "options" | "seed" | "out">;

const recipeFiles = ["train.py", "train_trl.py", "objectives.py", "fsdp.yaml", "requirements.txt", "README.md"];

/**
 * Writes the folder; returns what was left out, and the number of steps.
 * @throws UserError for a folder of other files, or no pair to train on
 */
export function writeHandoff({ policyDir, pairs, mask, options, seed, out }: HandoffRequest): {
  report: TokenizeReport;
  steps: number;
} {
  const recipe = path.join(out, "recipe.json");
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(recipe))
    throw new UserError({
      where: out,
      expected: "no folder, an empty one or an earlier export",
      got: "a folder of other files",
      fix: "Choose another --out.",
    });
  checkCarried(options.objective);
  const { objective, ...rest } = options;
  const config = readConfig(path.join(policyDir, "config.json"));
  const tokenizer = loadTokenizer(policyDir);
  checkVocabulary(tokenizer, config.vocabSize, policyDir);
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
  writeFileAtomic(recipe, `${JSON.stringify(decided, null, 2)}\n`);
  writeJsonl(
    path.join(out, "tokens.jsonl"),
    kept.map(({ questionId, chosen, rejected }) => ({ questionId, chosen: side(chosen), rejected: side(rejected) })),
  );
  writeJsonl(
    path.join(out, "steps.jsonl"),
    Array.from({ length: steps }, (_, step) => ({
      step: step + 1,
      lr: learningRate(options, kept.length, step),
      pairs: batchMembers(rng, kept.length, options, step),
    })),
  );
  for (const name of recipeFiles) writeFileAtomic(path.join(out, name), readFileSync(path.join(__dirname, name)));
  return { report, steps };
}

/** The programs sum log-probabilities, and know labels of sides. @throws UserError for an objective that needs more */
function checkCarried(choice: ObjectiveChoice): void {
  const more = [...needsOf(choice)].filter((need) => need !== "logratio" && need !== "label");
  if (more.length === 0) return;
  throw new UserError({
    where: "--objective",
    expected: "one that the PyTorch recipes carry, a function of sums of log-probabilities and of labels",
    got: `${choice.name}, which needs ${more.join(" and ")}`,
    fix: "Train it with `mask-dpo train`, or check a trainer of your own with `mask-dpo loss`.",
  });
}

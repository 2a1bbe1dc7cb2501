/** `mask-dpo train` and `plan`: masked DPO from files, and the memory it will take. */
import type { Tokenized } from "../preference/collate";
import { choosePlan, type MicrobatchChoice, planFor, planLine, type PlannedRun } from "../align/choosePlan";
import type { StepLog } from "../align/trainOptions";
import { planMemory, type PlanRequest } from "../align/plan";
import { microbatchTable, planTable } from "../align/tables";
import { type TrainRun, trainRun, type TrainRunRequest } from "../align/trainRun";
import { engineMemory } from "../engine/memory";
import { readCheckpointConfig } from "../model/checkpoint";
import { inModelOrder } from "../model/adapter/lora";
import { startEngineFor } from "../model/policy";
import { tokenizeFor } from "../preference/tokenizeFor";
import type { Table } from "../show/table";
import { loadTokenizer } from "../text/tokenizer";
import { UserError } from "../base/check";
import { notice } from "../base/notice";
import { readJsonl, required } from "../base/jsonl";
import { demonstrationSchema, type TrainingRow } from "../preference/demonstration";
import { readRows } from "./rows";

type TrainFiles = Omit<PlannedRun, "config" | "tokenized"> &
  Omit<MicrobatchChoice, "most"> &
  Pick<TrainRunRequest, "mask" | "dropNoFact" | "seed"> &
  TrainingFile;

/** One of the two. */
interface TrainingFile {
  pairs?: string;
  demonstrations?: string;
}

/** @throws UserError unless exactly one is given, and as `readRows` */
function readTrainingRows({ pairs, demonstrations }: TrainingFile): TrainingRow[] {
  if (pairs !== undefined && demonstrations === undefined) return readRows("pair", pairs);
  if (demonstrations !== undefined && pairs === undefined)
    return required(readJsonl(demonstrations, demonstrationSchema), demonstrations, "demonstration");
  throw new UserError({
    where: "--pairs",
    expected: "--pairs or --demonstrations",
    got: pairs === undefined ? "neither" : "both",
    fix: "Give one: --demonstrations goes with --objective sft.",
  });
}

interface PlannedTraining extends Pick<TrainRunRequest, "pairs"> {
  tokenized: Tokenized;
  request: PlanRequest;
  /** Bytes there are. */
  has: number;
}

/** The rows of a file, as they are and as the policy takes them, and the plan of training on them. */
async function planned({ pairs: file, demonstrations, ...run }: TrainFiles): Promise<PlannedTraining> {
  const { parallel } = await startEngineFor(run.model);
  const pairs = readTrainingRows({ pairs: file, demonstrations });
  const config = readCheckpointConfig(run.model);
  const tokenized = tokenizeFor(loadTokenizer(run.model), config, pairs, run.mask, run.seed, run.dropNoFact);
  const lora = run.lora && { ...run.lora, targets: inModelOrder(config, run.lora.targets) };
  const request = planFor({ ...run, lora, config, tokenized }, parallel);
  return { pairs, tokenized, request, has: engineMemory(request.workers || 1) };
}

/**
 * Masked DPO from files; leaves a Hugging Face folder, or with `lora` that of an adapter.
 * @param onPlan told what memory it will take
 * @param onStep sees each new log; where it throws, training ends, and that step is kept
 * @throws UserError as `choosePlan` and `trainRun`
 */
export async function trainVerb(
  { memory, fixed, ...files }: TrainFiles & Pick<TrainRunRequest, "out" | "checkpointEvery">,
  onPlan?: (line: string) => void,
  onStep?: (log: StepLog) => void,
): Promise<TrainRun> {
  const { pairs, tokenized, request, has } = await planned(files);
  const { options } = files;
  const plan = choosePlan(request, { most: options.microbatch, fixed, memory }, has);
  const { batch } = options;
  if (tokenized.pairs.length < batch)
    notice(`every epoch is one step: ${tokenized.pairs.length} pairs in a batch of ${batch} (--batch)`);
  onPlan?.(planLine(plan, planMemory(request, options.microbatch)));
  const run = { ...files, lora: request.lora, pairs, tokenized, policyDir: files.model };
  return trainRun({ ...run, options: { ...options, microbatch: plan.microbatch } }, onStep);
}

/**
 * Tables of the memory `trainVerb` would take, by size of microbatch and of the one it would choose.
 * @throws UserError as `choosePlan`, after the first
 */
export async function* planVerb({ memory, fixed, ...files }: TrainFiles): AsyncGenerator<Table> {
  const { request, has } = await planned(files);
  yield microbatchTable(request, memory ?? has);
  yield planTable(choosePlan(request, { most: files.options.microbatch, fixed, memory }, has));
}

/** The memory a training run will take, as a table, before anything large is read. */
import type { Tokenized } from "../preference/collate";
import { UserError } from "../base/check";
import { cpuWorkers } from "../base/workers";
import { emptyPairs } from "../preference/tokenizeFor";
import { pays } from "./processes/pool";
import { trainingPairs } from "./trainingPairs";
import { planMemory, planWithin, type MemoryPlan, type PlanRequest } from "./plan";
import { holdsHalves } from "../engine/half";
import { storesHalves } from "../model/checkpoint";
import { weightCount } from "../model/weights";
import type { TransformerConfig } from "../model/config";
import type { TrainRunRequest } from "./trainRun";

/** What of a training run decides its memory. */
export interface PlannedRun extends Pick<TrainRunRequest, "options" | "lora" | "gradientCheckpointing"> {
  model: string;
  config: TransformerConfig;
  tokenized: Tokenized;
}

/**
 * Reads no weights; workers as `chooseCompute` takes them.
 * @param parallel of the engine
 * @throws UserError when no pair is left to train on
 */
export function planFor(
  { model, config, tokenized, options: { batch, epochs, objective }, lora, gradientCheckpointing }: PlannedRun,
  parallel: boolean,
): PlanRequest {
  if (tokenized.pairs.length === 0) throw emptyPairs(tokenized.report);
  const { pairs, everything: all } = trainingPairs(tokenized, objective, config.maxPositions);
  return {
    config,
    objective,
    pairs,
    all,
    lora,
    gradientCheckpointing,
    halves: lora !== undefined && holdsHalves() && storesHalves(model, config),
    batch,
    workers: parallel && !lora && pays(weightCount(config), all.length * epochs) ? cpuWorkers : 0,
  };
}

/**
 * How a microbatch is found: `most` pairs, unless `fixed` fewer where memory is short; with `memory` (bytes) as many as
 * fit.
 */
export interface MicrobatchChoice {
  most: number;
  fixed?: boolean;
  memory?: number;
}

/**
 * Share of what there is that a plan may take by itself: plans are off by up to a sixth (figures/bench-shapes.md), and
 * others want some too.
 */
const room = 0.8;

/**
 * The plan of the microbatch to take.
 * @param has bytes there are
 * @throws UserError when not even one pair fits, unless that was `fixed`
 */
export function choosePlan(
  request: PlanRequest,
  { most, fixed = false, memory }: MicrobatchChoice,
  has: number,
): MemoryPlan {
  if (fixed) return planMemory(request, most);
  const plan = memory === undefined ? planWithin(request, room * has, most) : planWithin(request, memory);
  const limit = memory ?? has;
  if (plan.total <= limit) return plan;
  const less = [
    ...(request.gradientCheckpointing ? [] : ["keep less for the gradient (--gradient-checkpointing)"]),
    ...(request.lora ? [] : ["train an adapter (--lora-rank)"]),
    "use a smaller model or shorter pairs",
    ...(memory === undefined ? ["try nevertheless (--microbatch 1)"] : []),
  ];
  throw new UserError({
    where: memory === undefined ? "memory" : "--memory",
    expected: `at least ${gigabytes(plan.total)}, what a microbatch of 1 is planned to take`,
    got: gigabytes(limit),
    fix: `${less.join(", or ").replace(/^./, (c) => c.toUpperCase())}.`,
  });
}

/** What training will take, and why it is not what was asked for. */
export function planLine({ microbatch, total }: MemoryPlan, asked: MemoryPlan): string {
  const lowered = microbatch < asked.microbatch ? ` (${asked.microbatch} would take ${gigabytes(asked.total)})` : "";
  return `memory, planned: ${gigabytes(total)} at the peak, with ${microbatch} pairs in a microbatch${lowered}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** The memory a training run will take, as a table, before anything large is read. */
import path from "node:path";
import { UserError } from "../base/check";
import { cpuWorkers } from "../base/workers";
import { pays } from "../align/compute";
import { planMemory, planParts, planStages, planWithin, stageTotal, type MemoryPlan, type PlanRequest } from "../align/plan";
import type { TrainOptions } from "../align/train";
import { holdsHalves } from "../engine/half";
import { storesHalves, weightCount } from "../model/checkpoint";
import { readConfig } from "../model/config";
import type { LoraConfig } from "../model/lora";
import type { MaskKind } from "../preference/mask";
import type { PreferencePair } from "../preference/pair";
import { loadTokenizer } from "../text/tokenizer";
import type { Table } from "./table";
import { emptyPairs, tokenizeFor } from "./trainRun";

const names = { reference: "Reference (GB)", gradient: "Gradient (GB)", update: "Update (GB)" } as const;

/** What of a training run decides its memory. */
export interface PlannedRun {
  model: string;
  pairs: readonly PreferencePair[];
  mask: MaskKind;
  seed: number;
  options: TrainOptions;
  lora?: LoraConfig;
  gradientCheckpointing?: boolean;
}

/** Reads of a policy's folder all but the weights; workers as `chooseCompute` takes them. @param parallel of the engine @throws UserError when no pair is left to train on */
export function planFor({ model, options: { batch, epochs }, lora, gradientCheckpointing, ...run }: PlannedRun, parallel: boolean): PlanRequest {
  const config = readConfig(path.join(model, "config.json"));
  const { pairs, report } = tokenizeFor(loadTokenizer(model), config, run.pairs, run.mask, run.seed);
  if (pairs.length === 0) throw emptyPairs(report);
  return { config, pairs, lora, gradientCheckpointing, halves: storesHalves(model, config) && holdsHalves(), batch, workers: parallel && !lora && pays(weightCount(config), pairs.length * epochs) ? cpuWorkers : 0 };
}

/** Rows: what memory is for; columns: the stages of training. */
export function planTable({ microbatch, stages }: MemoryPlan): Table {
  const gigabytes = (of: (stage: Record<(typeof planParts)[number], number>) => number) => Object.fromEntries(planStages.map((stage) => [stage, of(stages[stage]) / 1e9]));
  return {
    name: "memory-plan", caption: `Memory of training, planned: peaks of its stages with ${microbatch} pairs in a microbatch`,
    columns: [{ key: "part", label: "For" }, ...planStages.map((stage) => ({ key: stage, label: names[stage], digits: 2 }))],
    rows: [...planParts.map((part) => ({ part, ...gigabytes((stage) => stage[part]) })), { part: "all", ...gigabytes(stageTotal) }],
  };
}

/** Totals by size of microbatch, from 1 to the batch. */
export function microbatchTable(request: PlanRequest, memory?: number): Table {
  const sizes = Array.from({ length: 1 + Math.floor(Math.log2(request.batch)) }, (_, i) => 2 ** i);
  return {
    name: "memory-by-microbatch", caption: "Memory of training by pairs in a microbatch, planned",
    columns: [{ key: "microbatch", label: "Microbatch", digits: 0 }, { key: "total", label: "Peak (GB)", digits: 2 }, ...(memory ? [{ key: "fits", label: `Fits ${(memory / 1e9).toFixed(1)} GB` }] : [])],
    rows: sizes.map((size) => {
      const { total } = planMemory(request, size);
      return { microbatch: size, total: total / 1e9, ...(memory && { fits: total <= memory ? "yes" : "no" }) };
    }),
  };
}

/** The plan asked for: of a given microbatch, or of the largest that fits. @throws UserError when not even one pair fits */
export function choosePlan(request: PlanRequest, microbatch: number, memory?: number): MemoryPlan {
  if (memory === undefined) return planMemory(request, microbatch);
  const plan = planWithin(request, memory);
  if (plan.total <= memory) return plan;
  throw new UserError({
    where: "--memory", expected: `at least ${(plan.total / 1e9).toFixed(1)} GB, what a microbatch of 1 takes`, got: `${(memory / 1e9).toFixed(1)} GB`,
    fix: `${[...(request.gradientCheckpointing ? [] : ["keep less for the gradient (--gradient-checkpointing)"]), ...(request.lora ? [] : ["train an adapter (--lora-rank)"]), "use a smaller model or shorter pairs"].join(", or ").replace(/^./, (c) => c.toUpperCase())}.`,
  });
}

/** What training will take, and a warning where that is more than there is. @param has bytes */
export function planLine({ microbatch, total }: MemoryPlan, has: number): string {
  const line = `memory, planned: ${(total / 1e9).toFixed(2)} GB at the peak, with ${microbatch} pairs in a microbatch`;
  return total <= has ? line : `${line}; this machine has ${(has / 1e9).toFixed(1)} GB: see mask-dpo plan, --memory, --gradient-checkpointing, --lora-rank`;
}

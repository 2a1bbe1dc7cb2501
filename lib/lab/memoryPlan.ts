/** The memory a training run will take, as a table, before anything large is read. */
import path from "node:path";
import { cpuWorkers } from "../base/workers";
import { UserError } from "../base/check";
import { pays } from "../align/compute";
import { planMemory, planParts, planStages, planWithin, stageTotal, type MemoryPlan, type PlanRequest } from "../align/plan";
import type { TrainOptions } from "../align/train";
import { weightShapes } from "../model/checkpoint";
import { readConfig, type LlamaConfig } from "../model/config";
import type { LoraConfig } from "../model/lora";
import type { TokenizedPair } from "../preference/collate";
import type { MaskKind } from "../preference/mask";
import type { PreferencePair } from "../preference/pair";
import { loadTokenizer } from "../text/tokenizer";
import type { Table } from "./table";
import { tokenizeFor } from "./trainRun";

const names = { reference: "Reference (GB)", gradient: "Gradient (GB)", update: "Update (GB)" } as const;

/** What training these pairs would be: with workers where `chooseCompute` takes them. @param parallel of the engine */
export function planRequest(config: LlamaConfig, pairs: readonly TokenizedPair[], { batch, epochs }: Pick<TrainOptions, "batch" | "epochs">, parallel: boolean, lora?: LoraConfig): PlanRequest {
  const size = [...weightShapes(config).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { config, pairs, lora, batch, workers: parallel && !lora && pays(size, pairs.length * epochs) ? cpuWorkers : 0 };
}

/** Reads a folder's config and tokenizer, not its weights. @throws UserError when no pair is left to train on */
export function planFor(request: { model: string; pairs: readonly PreferencePair[]; mask: MaskKind; seed: number; options: TrainOptions; parallel: boolean; lora?: LoraConfig }): PlanRequest {
  const config = readConfig(path.join(request.model, "config.json"));
  const { pairs } = tokenizeFor(loadTokenizer(request.model), config, request.pairs, request.mask, request.seed);
  if (pairs.length === 0) throw new UserError({ where: "pairs", expected: "at least one pair to train on", got: "none that the mask and the model's positions leave", fix: "Look at the report of `mask-dpo pairs`." });
  return planRequest(config, pairs, request.options, request.parallel, request.lora);
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
    fix: request.lora ? "Use a smaller model or shorter pairs." : "Train an adapter (--lora-rank), or use a smaller model or shorter pairs.",
  });
}

/** One line: what training will take. */
export function planLine({ microbatch, total }: MemoryPlan): string {
  return `memory, planned: ${(total / 1e9).toFixed(2)} GB at the peak, with ${microbatch} pairs in a microbatch`;
}

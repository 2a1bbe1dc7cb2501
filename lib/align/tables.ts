/** Training as tables: its settings, and the memory it will take. */
import type { Table } from "../show/table";
import type { Need } from "./objective/objective";
import { chooseObjective, needsOf, objectives, optionsOf } from "./objective/registry";
import { type MemoryPlan, planMemory, planParts, type PlanRequest, planStages, stageTotal } from "./plan";
import { optionRows, type TrainOptions } from "./trainOptions";

/** Hyperparameters beside the paper's words. */
export function describeTraining(options: TrainOptions): Table {
  return {
    name: "02-hyperparameters",
    caption: "Hyperparameters of Mask-DPO; every arm has rate and strength from the same grid (data/atlas/TUNING.md)",
    columns: [
      { key: "label", label: "Hyperparameter" },
      { key: "value", label: "Here", align: "right" },
      { key: "paper", label: "Paper (App. A)" },
    ],
    rows: optionRows(options).map((row) => ({ ...row })),
  };
}

/** All objectives with their options. */
export function objectivesTable(): Table {
  const costs: Partial<Record<Need, string>> = {
    forwardKl: "reference's distributions in every step",
    reverseKl: "reference's distributions in every step",
    alignment: "logits once more",
    zero: "mismatched completions in every step",
    sentences: "labels of sentences",
    label: "labels of sides",
  };
  return {
    name: "objectives",
    caption: "Objectives of train, plan and loss (--objective, --option key=value)",
    columns: [
      { key: "objective", label: "--objective" },
      { key: "label", label: "Objective" },
      { key: "reference", label: "Reference" },
      { key: "options", label: "Options" },
      { key: "needs", label: "Needs" },
      { key: "source", label: "Source" },
    ],
    rows: objectives.map((objective) => {
      const needs = needsOf(chooseObjective(objective.name));
      return {
        objective: objective.name,
        label: objective.label,
        reference: needs.has("logratio") ? "yes" : "no",
        options: optionsOf(objective)
          .map(({ key, preset }) => (preset === undefined ? key : `${key} ${preset}`))
          .join(", "),
        needs: [...needs].flatMap((need) => costs[need] ?? []).join(", "),
        source: objective.source,
      };
    }),
  };
}

const names = { reference: "Reference (GB)", gradient: "Gradient (GB)", update: "Update (GB)" } as const;

/** Rows: what memory is for; columns: the stages of training. */
export function planTable({ microbatch, stages }: MemoryPlan): Table {
  const byStage = (of: (stage: Record<(typeof planParts)[number], number>) => number) =>
    Object.fromEntries(planStages.map((stage) => [stage, of(stages[stage]) / 1e9]));
  return {
    name: "memory-plan",
    caption: `Memory of training, planned: peaks of its stages with ${microbatch} pairs in a microbatch`,
    columns: [
      { key: "part", label: "For" },
      ...planStages.map((stage) => ({ key: stage, label: names[stage], digits: 2 })),
    ],
    rows: [
      ...planParts.map((part) => ({ part, ...byStage((stage) => stage[part]) })),
      { part: "all", ...byStage(stageTotal) },
    ],
  };
}

/** Totals by size of microbatch, from 1 to the batch. @param memory bytes, Infinity where that is not known */
export function microbatchTable(request: PlanRequest, memory: number): Table {
  const sizes = Array.from({ length: 1 + Math.floor(Math.log2(request.batch)) }, (_, i) => 2 ** i);
  const known = memory < Infinity;
  return {
    name: "memory-by-microbatch",
    caption: "Memory of training by pairs in a microbatch, planned",
    columns: [
      { key: "microbatch", label: "Microbatch", digits: 0 },
      { key: "total", label: "Peak (GB)", digits: 2 },
      ...(known ? [{ key: "fits", label: `Fits ${(memory / 1e9).toFixed(1)} GB` }] : []),
    ],
    rows: sizes.map((size) => {
      const { total } = planMemory(request, size);
      return { microbatch: size, total: total / 1e9, ...(known && { fits: total <= memory ? "yes" : "no" }) };
    }),
  };
}

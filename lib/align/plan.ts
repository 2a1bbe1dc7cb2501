/**
 * How much memory training takes, before it is taken: floats counted tensor by tensor (`passFloats.ts`), on shapes
 * packed exactly as training packs them. Three stages have a peak each: log-probabilities of the reference, gradient of
 * a microbatch, optimizer update. Checked against what the engine holds (test/align/plan.test.ts): within 12 % on the
 * native engine, where a reshaped tensor, which shares its data, may count as none or as a copy; WebAssembly, which
 * does copy what it keeps, takes more. p numbers trained.
 */
import { pieceLength } from "../engine/adamw";
import { adapterShapes } from "../model/adapter/lora";
import { weightShapes } from "../model/weights";
import { largestShape } from "./batchShape";
import { needsDistributions, needsOf } from "./objective/registry";
import type { PairIds } from "./pairIds";
import { forwardFloats, gradientFloats, type Floats, type Passes } from "./passFloats";
import { chunkPairs } from "./completionLogps";

export const planStages = ["reference", "gradient", "update"] as const;
export const planParts = [
  "weights",
  "optimizer",
  "gradients",
  "activations",
  "logits",
  "checkpoint",
  "program",
] as const;
export type PlanStage = (typeof planStages)[number];
export type PlanPart = (typeof planParts)[number];

/**
 * Bytes at the peak of each stage. Processes that trained (native, x64 Linux) took within 8 % of the total with 9.9M
 * and 55M weights, and 18 % less to 16 % more with 135M to 8B (figures/bench-shapes.md).
 */
export interface MemoryPlan {
  microbatch: number;
  stages: Record<PlanStage, Record<PlanPart, number>>;
  /** of the stage that takes most */
  total: number;
}

export interface PlanRequest extends Passes {
  /** trained on */
  pairs: readonly PairIds[];
  /** whose reference is computed, where there are more (default: `pairs`) */
  all?: readonly PairIds[];
  /** pairs per step; fewer in a microbatch means that gradients are added up */
  batch: number;
  /** worker processes, 0 when this process computes itself */
  workers: number;
}

/**
 * What a process takes with nothing on its engine: native TensorFlow's libraries and V8 (measured, 2.20 on x64 Linux).
 */
const programBytes = 450e6;

/** The plan for one size of microbatch. */
export function planMemory(request: PlanRequest, wanted: number): MemoryPlan {
  const { config, objective, pairs, all = pairs, lora, halves, batch, workers } = request;
  const needs = needsOf(objective);
  const microbatch = Math.min(wanted, batch);
  const numbers = (shapes: ReadonlyMap<string, number[]>, of = (shape: number[]) => shape.reduce((a, b) => a * b, 1)) =>
    [...shapes.values()].reduce((sum, shape) => sum + of(shape), 0);
  const shapes = weightShapes(config);
  const p = numbers(lora ? adapterShapes(config, lora) : shapes);
  const frozen = lora
    ? numbers(shapes, (shape) => shape.reduce((a, b) => a * b, halves && shape.length === 2 ? 0.5 : 1))
    : 0;
  const piece = Math.min(p, pieceLength);
  const processes = workers || 1;
  const rest = workers > 0 ? 1 : 0; // whether another process than those that compute holds the optimizer
  const forward = forwardFloats(request, largestShape(all, Math.min(chunkPairs, microbatch), true));
  const training = gradientFloats(request, largestShape(pairs, microbatch));
  const other = needsDistributions(needs) ? p : 0; // the reference's own
  const accumulated = batch > microbatch ? 1 : 0;
  const bytes = (
    floats: Floats & Record<"optimizer" | "gradients", number>,
    checkpoint: number,
    processes: number,
  ): Record<PlanPart, number> => ({
    ...(Object.fromEntries(Object.entries(floats).map(([part, n]) => [part, 4 * n])) as Record<PlanPart, number>),
    checkpoint: 4 * checkpoint,
    program: processes * programBytes,
  });
  const stages = {
    reference: !needs.has("logratio")
      ? nothing
      : bytes(
          {
            weights: frozen + processes * (2 * p + forward.weights) + rest * 2 * p,
            optimizer: 0,
            gradients: 0,
            activations: processes * forward.activations,
            logits: processes * forward.logits,
          },
          0,
          processes + rest,
        ),
    gradient: bytes(
      {
        weights: frozen + processes * (2 * p + other + training.weights) + rest * 2 * p,
        optimizer: 2 * p,
        gradients: processes * p + (accumulated + 2 * rest) * p,
        activations: processes * training.activations,
        logits: processes * training.logits,
      },
      0,
      processes + rest,
    ),
    // Of a piece old and new moments and what leads to them; the new weights in pieces, then as one. Allocators give
    // back neither these before the checkpoint's copies of weights and moments are made, nor what activations were.
    update: bytes(
      {
        weights: frozen + (piece < p ? 3 : 2) * p + workers * p,
        optimizer: 2 * p + 4 * piece,
        gradients: p + piece,
        activations: processes * training.activations,
        logits: 0,
      },
      3 * p,
      processes + rest,
    ),
  };
  return { microbatch, stages, total: Math.max(...Object.values(stages).map(stageTotal)) };
}

const nothing = Object.fromEntries(planParts.map((part) => [part, 0])) as Record<PlanPart, number>;

/** The largest microbatch, of `most` and half of it again and again, whose plan fits; of 1 when none does. */
export function planWithin(
  request: PlanRequest,
  memory: number,
  most = 2 ** Math.floor(Math.log2(request.batch)),
): MemoryPlan {
  let plan = planMemory(request, most);
  while (plan.total > memory && plan.microbatch > 1) plan = planMemory(request, Math.floor(plan.microbatch / 2));
  return plan;
}

export function stageTotal(stage: Record<PlanPart, number>): number {
  return planParts.reduce((sum, part) => sum + stage[part], 0);
}

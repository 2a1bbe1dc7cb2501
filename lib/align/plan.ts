/**
 * How much memory training takes, before it is taken: floats counted tensor by tensor as the forward pass and its
 * gradient hold them at their peaks, on shapes packed exactly as training packs them. Three stages have a peak each:
 * log-probabilities of the reference, gradient of a microbatch, optimizer update. Checked against what the engine holds
 * (test/align/plan.test.ts): within 12 % on the native engine, where a reshaped tensor, which shares its data, may
 * count as none or as a copy; WebAssembly, which does copy what it keeps, takes more. D hidden, I feed-forward, Q and K
 * widths of all heads, L layers, V vocabulary; N distinct tokens, S attention slots, M unmasked tokens; p numbers
 * trained.
 */
import { headRows } from "../engine/head";
import { weightShapes } from "../model/weights";
import type { TransformerConfig } from "../model/config";
import { familyOf } from "../model/family/registry";
import { adapterShapes, type LoraConfig } from "../model/lora";
import { largestShape, type BatchShape } from "./batchShape";
import type { PairIds } from "./pairIds";
import { chunkPairs } from "./reference";

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

export interface PlanRequest {
  config: TransformerConfig;
  /** trained on */
  pairs: readonly PairIds[];
  /** whose reference is computed, where there are more (default: `pairs`) */
  all?: readonly PairIds[];
  /** false: the objective has no reference, and nothing is computed for it */
  reference?: boolean;
  /** true: the objective compares distributions with the reference's, whose forward pass is then part of every step */
  distributions?: boolean;
  lora?: LoraConfig;
  /** of each layer only its input is kept for the gradient */
  gradientCheckpointing?: boolean;
  /** with an adapter: frozen matrices are held in 16 bits (`engine/half`) */
  halves?: boolean;
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
  const { config, pairs, all = pairs, lora, halves, batch, workers } = request;
  const microbatch = Math.min(wanted, batch);
  const numbers = (shapes: ReadonlyMap<string, number[]>, of = (shape: number[]) => shape.reduce((a, b) => a * b, 1)) =>
    [...shapes.values()].reduce((sum, shape) => sum + of(shape), 0);
  const shapes = weightShapes(config);
  const p = numbers(lora ? adapterShapes(config, lora) : shapes);
  const frozen = lora
    ? numbers(shapes, (shape) => shape.reduce((a, b) => a * b, halves && shape.length === 2 ? 0.5 : 1))
    : 0;
  const processes = workers || 1;
  const rest = workers > 0 ? 1 : 0; // whether another process than those that compute holds the optimizer
  const forward = forwardFloats(request, largestShape(all, Math.min(chunkPairs, microbatch), true));
  const training = gradientFloats(request, largestShape(pairs, microbatch));
  const other = request.distributions ? p : 0; // the reference's own
  const accumulated = batch > microbatch ? 1 : 0;
  const bytes = (
    floats: Record<Exclude<PlanPart, "checkpoint" | "program">, number>,
    checkpoint: number,
    processes: number,
  ): Record<PlanPart, number> => ({
    ...(Object.fromEntries(Object.entries(floats).map(([part, n]) => [part, 4 * n])) as Record<PlanPart, number>),
    checkpoint: 4 * checkpoint,
    program: processes * programBytes,
  });
  const stages = {
    reference:
      request.reference === false
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
    // Old and new moments, and two vectors on the way to them. Allocators give back neither these before the
    // checkpoint's copies
    // of weights and moments are made, nor the arrays that activations were.
    update: bytes(
      {
        weights: frozen + 2 * p + workers * p,
        optimizer: 6 * p,
        gradients: 2 * p,
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

type Floats = Record<"weights" | "activations" | "logits", number>;

function widths({ hiddenSize, intermediateSize, heads, kvHeads, headDim }: TransformerConfig) {
  return { D: hiddenSize, I: intermediateSize, Q: heads * headDim, K: kvHeads * headDim };
}

/**
 * Copies of weights while a layer is computed, and at the head: queries and keys are scaled, permuted and joined,
 * halves widened. `layers`: how many layers' copies are held at once.
 */
function copiedFloats({ config, lora, gradientCheckpointing, halves }: PlanRequest) {
  const { D, I, Q, K } = widths(config);
  const joined = D * (3 * Q + 2 * K);
  if (halves) return { layers: 1, layer: Math.max(joined + D * (Q + K), D * I), head: config.vocabSize * D };
  return { layers: lora || gradientCheckpointing ? 1 : config.layers, layer: joined, head: 0 };
}

/** Without a gradient: outputs of every layer stay to the end of the pass, what is inside attention does not. */
function forwardFloats(request: PlanRequest, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
  const { config, gradientCheckpointing } = request;
  const { D, I, Q, K } = widths(config);
  const copied = copiedFloats(request);
  const V = config.vocabSize;
  const layer = N * (6 * D + 2 * Q + 2 * K + 3 * I + loraWidth(config, request.lora, 0));
  const inside = N * 5 * (Q + K) + S * 2 * (2 * Q + 2 * K) + 4.5 * config.heads * scores;
  const weights = Math.max(copied.layers * copied.layer, copied.head);
  const logits = 2 * Math.min(M, headRows(V)) * V;
  if (!gradientCheckpointing) return { weights, activations: config.layers * layer + 3 * N * D + inside, logits };
  const oneLayer = Math.max(0, layer + inside - logits); // gone when the head's turn comes
  return { weights, activations: config.layers * N * D + 3 * N * D + oneLayer, logits };
}

/** With a gradient: what blocks keep for their way back, and what the way back leaves until its end. */
function gradientFloats(request: PlanRequest, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
  const { config, lora, gradientCheckpointing, distributions } = request;
  const { D, I, Q, K } = widths(config);
  const V = config.vocabSize;
  const copied = copiedFloats(request);
  const forth =
    N * (8 * D + 2 * Q + 2 * K + 5 * I + loraWidth(config, lora, 0)) + S * (2 * Q + 2 * K) + config.heads * scores;
  const back = N * (9.5 * D + Q + 2 * I + loraWidth(config, lora, 1));
  const inside = N * 6 * (Q + K) + S * 2 * (2 * Q + 2 * K) + 3 * config.heads * scores;
  const chunked = M > headRows(V);
  const compared = distributions ? 1 : 0; // with the reference's
  const kept = chunked ? 0 : (1 + compared) * M * V; // a softmax that is whole stays, and the slope of a divergence
  const layers = gradientCheckpointing ? config.layers * N * D : config.layers * forth;
  const atHead = Math.max(
    (chunked ? 2 * headRows(V) : M) * V + (lora ? 0 : 3 * V * D),
    compared * 5 * Math.min(M, headRows(V)) * V,
  );
  // the two places where most is held
  const atFirstLayer = (gradientCheckpointing ? config.layers * N * D + forth + back : config.layers * back) + inside;
  return {
    weights: Math.max(2 * copied.layers * copied.layer, copied.head),
    activations: layers + 4 * N * D + compared * M * D + Math.max(atFirstLayer, atHead),
    logits: kept,
  };
}

/**
 * Floats a token that adapters add to a layer: two of each output forth (queries and keys: of both); two of each input
 * and one of each output back.
 */
function loraWidth(config: TransformerConfig, lora: LoraConfig | undefined, way: 0 | 1): number {
  if (!lora) return 0;
  const { Q, K } = widths(config);
  const { query, key } = familyOf(config).names.layer;
  const isRotated = (name: string): boolean => name.includes(`.${query}.`) || name.includes(`.${key}.`);
  const adapter = [...adapterShapes({ ...config, layers: 1 }, lora)];
  const rotated = adapter.some(([name]) => isRotated(name));
  let forth = rotated ? 3 * (Q + K) : 0;
  let back = rotated ? 2.5 * (Q + K) : 0;
  for (const [name, [size, input]] of adapter) {
    if (name.endsWith("lora_A.weight")) back += 2 * input!;
    else if (!isRotated(name)) {
      forth += 2 * size!;
      back += size!;
    }
  }
  return way === 0 ? forth : back;
}

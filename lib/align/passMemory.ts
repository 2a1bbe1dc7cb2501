/**
 * Floats of a pass through the model, counted tensor by tensor. D hidden, I feed-forward, Q and K widths of all heads,
 * V vocabulary; N distinct tokens, S attention slots, M unmasked tokens.
 */
import { headRows } from "../engine/head";
import type { TransformerConfig } from "../model/config";
import { familyOf } from "../model/family/registry";
import { adapterShapes, type LoraConfig } from "../model/lora";
import { sidesOf, unmaskedTokens } from "../preference/collate";
import { packWeighted } from "./logps";
import type { PairIds } from "./microbatch";

/** Sizes of a forward pass over some pairs. */
export interface BatchShape {
  tokens: number;
  slots: number;
  /** query-key pairs of one head, padding included */
  scores: number;
  targets: number;
}

export interface PlanRequest {
  config: TransformerConfig;
  /** trained on */
  pairs: readonly PairIds[];
  /** whose reference is computed, where there are more (default: `pairs`) */
  all?: readonly PairIds[];
  /** false: the objective has no reference, and nothing is computed for it */
  reference?: boolean;
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
 * The shape of a forward pass over the `count` longest pairs: no microbatch of that many is larger. `everything`: all
 * completion tokens are targets, as for the reference.
 */
export function largestShape(pairs: readonly PairIds[], count: number, everything = false): BatchShape {
  const length = ({ chosen, rejected }: PairIds) => chosen.ids.length + rejected.ids.length;
  const longest = pairs
    .slice()
    .sort((a, b) => length(b) - length(a))
    .slice(0, count);
  const sides = sidesOf(longest).map(({ ids, weights, promptLength }) => ({
    ids,
    weights: everything ? new Float32Array(ids.length).fill(1, promptLength) : weights,
  }));
  const { ids, slots, groups } = packWeighted(sides);
  return {
    tokens: ids.length,
    slots: slots.length,
    scores: groups.reduce((sum, { rows, length }) => sum + rows * length ** 2, 0),
    targets: sides.reduce((sum, { weights }) => sum + unmaskedTokens(weights), 0),
  };
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
export function forwardFloats(request: PlanRequest, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
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
export function gradientFloats(request: PlanRequest, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
  const { config, lora, gradientCheckpointing } = request;
  const { D, I, Q, K } = widths(config);
  const V = config.vocabSize;
  const copied = copiedFloats(request);
  const forth =
    N * (8 * D + 2 * Q + 2 * K + 5 * I + loraWidth(config, lora, 0)) + S * (2 * Q + 2 * K) + config.heads * scores;
  const back = N * (9.5 * D + Q + 2 * I + loraWidth(config, lora, 1));
  const inside = N * 6 * (Q + K) + S * 2 * (2 * Q + 2 * K) + 3 * config.heads * scores;
  const chunked = M > headRows(V);
  const kept = chunked ? 0 : M * V; // a softmax that is whole stays
  const layers = gradientCheckpointing ? config.layers * N * D : config.layers * forth;
  const atHead = (chunked ? 2 * headRows(V) : M) * V + (lora ? 0 : 3 * V * D);
  // the two places where most is held
  const atFirstLayer = (gradientCheckpointing ? config.layers * N * D + forth + back : config.layers * back) + inside;
  return {
    weights: Math.max(2 * copied.layers * copied.layer, copied.head),
    activations: layers + 4 * N * D + Math.max(atFirstLayer, atHead),
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

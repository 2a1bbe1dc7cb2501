/**
 * Floats that the forward pass and its gradient hold at their peaks, counted tensor by tensor. D hidden, I
 * feed-forward, Q and K widths of all heads, L layers, V vocabulary; N distinct tokens, S attention slots, M unmasked
 * tokens.
 */
import { headRows } from "../engine/head";
import type { TransformerConfig } from "../model/config";
import { familyOf } from "../model/family/registry";
import { adapterShapes, type LoraConfig } from "../model/adapter/lora";
import type { BatchShape } from "./batchShape";
import { needsDistributions, needsOf, type ObjectiveChoice } from "./objective/registry";

/** What decides it beside the shape of a batch. */
export interface Passes {
  config: TransformerConfig;
  objective: ObjectiveChoice;
  lora?: LoraConfig;
  /** of each layer only its input is kept for the gradient */
  gradientCheckpointing?: boolean;
  /** with an adapter: frozen matrices are held in 16 bits (`engine/half`) */
  halves?: boolean;
}

export type Floats = Record<"weights" | "activations" | "logits", number>;

function widths({ hiddenSize, intermediateSize, heads, kvHeads, headDim }: TransformerConfig) {
  return { D: hiddenSize, I: intermediateSize, Q: heads * headDim, K: kvHeads * headDim };
}

/**
 * Copies of weights while a layer is computed, and at the head: queries and keys are scaled, permuted and joined, parts
 * that share a tensor taken from it, halves widened. `layers`: how many layers' copies are held at once.
 */
function copiedFloats({ config, lora, gradientCheckpointing, halves }: Passes) {
  const { D, I, Q, K } = widths(config);
  const { query, value, gate } = familyOf(config).rows?.(config) ?? {};
  const trained = lora ? 0 : (value ? K : 0) + (gate ? 2 * I : 0); // what is frozen is taken and freed one by one
  const taken = (query ? Q + K : 0) + trained;
  const joined = D * (3 * Q + 2 * K + taken);
  if (halves) return { layers: 1, layer: Math.max(joined + D * (Q + K), D * I), head: config.vocabSize * D };
  return { layers: lora || gradientCheckpointing ? 1 : config.layers, layer: joined, head: 0 };
}

/** Without a gradient: outputs of every layer stay to the end of the pass, what is inside attention does not. */
export function forwardFloats(request: Passes, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
  const { config, gradientCheckpointing } = request;
  const { D, I, Q, K } = widths(config);
  const copied = copiedFloats(request);
  const V = config.vocabSize;
  const layer = N * (6 * D + 2 * Q + 2 * K + 3 * I + loraWidth(config, request.lora, 0) + besides(config, 0));
  const inside = N * 5 * (Q + K) + S * 2 * (2 * Q + 2 * K) + (config.attentionCap ? 5.5 : 4.5) * config.heads * scores;
  const weights = Math.max(copied.layers * copied.layer, copied.head);
  const logits = logitsAtOnce(config) * Math.min(M, headRows(V)) * V;
  const kept = config.layers * (gradientCheckpointing ? N * D : layer) + 3 * N * D;
  const gone = inside + (gradientCheckpointing ? layer : 0); // when the head's turn comes
  return { weights, activations: kept + Math.max(0, gone - logits), logits };
}

/** With a gradient: what blocks keep for their way back, and what the way back leaves until its end. */
export function gradientFloats(request: Passes, { tokens: N, slots: S, scores, targets: M }: BatchShape): Floats {
  const { config, objective, lora, gradientCheckpointing } = request;
  const { D, I, Q, K } = widths(config);
  const V = config.vocabSize;
  const copied = copiedFloats(request);
  const forth =
    N * (8 * D + 2 * Q + 2 * K + 5 * I + loraWidth(config, lora, 0) + besides(config, 1)) +
    S * (2 * Q + 2 * K) +
    (config.attentionCap ? 2 : 1) * config.heads * scores;
  const back = N * (9.5 * D + Q + 2 * I + loraWidth(config, lora, 1) + besides(config, 2));
  const inside = N * 6 * (Q + K) + S * 2 * (2 * Q + 2 * K) + (config.attentionCap ? 4 : 3) * config.heads * scores;
  const rows = Math.min(M, headRows(V)); // of logits that are held at once
  const chunked = rows < M;
  const needs = needsOf(objective);
  const compared = needsDistributions(needs) ? 1 : 0; // with the reference's
  const kept = chunked ? 0 : (1 + compared) * M * V; // a softmax that is whole stays, and the slope of a divergence
  const layers = gradientCheckpointing ? config.layers * N * D : config.layers * forth;
  const atOnce = logitsAtOnce(config);
  const atHead = Math.max(
    (chunked ? atOnce : atOnce - 1) * rows * V + (lora ? 0 : 3 * V * D),
    // of its arrays one is the slope that stays
    compared * ((config.logitCap ? 5 : 4) - (chunked ? 0 : 1)) * rows * V,
    // a second softmax, beside the one that stays
    needs.has("alignment") ? atOnce * rows * V : 0,
  );
  // the two places where most is held
  const atFirstLayer = (gradientCheckpointing ? config.layers * N * D + forth + back : config.layers * back) + inside;
  return {
    weights: Math.max(2 * copied.layers * copied.layer, copied.head),
    activations: layers + 4 * N * D + compared * M * D + Math.max(atFirstLayer, atHead),
    logits: kept,
  };
}

/** How many arrays of a logit a position and id there are at the head: logits and softmax, and what a cap bends. */
function logitsAtOnce({ logitCap }: TransformerConfig): number {
  return logitCap ? 4 : 2;
}

/**
 * Floats a token of what only some families compute in a layer: norms behind its parts, norms of queries and keys.
 * `pass`: without a gradient, forth, back.
 */
function besides(config: TransformerConfig, pass: 0 | 1 | 2): number {
  const { D, I, Q, K } = widths(config);
  const behind = config.norms === "around" ? [2 * D, 4 * D, 2 * D][pass]! : 0;
  const normed = config.qkNorm ? [3 * (Q + K), 4 * (Q + K), 3 * (Q + K)][pass]! : 0;
  const gate = config.activation === "gelu_tanh" && pass === 1 ? -I : 0; // keeps less than silu
  return behind + normed + gate;
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

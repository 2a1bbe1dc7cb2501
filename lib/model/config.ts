/** The shape of a model, whatever its family: what the forward pass, decoding, memory plans and adapters go by. */

/** Frequency scaling of rotary embeddings. */
export type RopeScaling =
  /**
   * grows with sequences longer than the model's positions, which nothing here makes; up to there it changes nothing
   */
  | { type: "dynamic"; factor: number }
  | { type: "linear"; factor: number }
  | { type: "llama3"; factor: number; lowFreqFactor: number; highFreqFactor: number; originalMaxPositions: number };

/**
 * Shape of a decoder-only transformer, as plain data: it is sent to workers and compared. Sizes are counts of units.
 *
 * A family that computes what no other did brings a field. It says what is computed, not whose it is (a number such as
 * `attentionCap`, not `isGemma`), and is optional: absent, nothing changes, so that no other family names it. Where it
 * is read: the order of a layer's operations in `block.ts`, scores and softmax in `engine/attention.ts`, angles in
 * `rope.ts`, shapes of weights in `weights.ts`; what a layer takes memory for also in `align/plan.ts`.
 */
export interface TransformerConfig {
  /** transformers' class, which names the family (`family/registry.ts`): "LlamaForCausalLM" */
  architecture: string;
  hiddenSize: number;
  layers: number;
  /** Query heads; a multiple of `kvHeads` (grouped-query attention). */
  heads: number;
  kvHeads: number;
  headDim: number;
  intermediateSize: number;
  vocabSize: number;
  rmsEps: number;
  ropeTheta: number;
  ropeScaling?: RopeScaling;
  /** The output head is the embedding. */
  tied: boolean;
  /** Whether the projections to queries, keys and values have biases. */
  qkvBias: boolean;
  oBias: boolean;
  mlpBias: boolean;
  maxPositions: number;
  bosId?: number;
  /** May be empty; the tokenizer decides what closes a completion. */
  eosIds: number[];
  padId?: number;
}

/** The shape of a model, whatever its family: what the forward pass, decoding, memory plans and adapters go by. */

/** Frequency scaling of rotary embeddings. */
export type RopeScaling =
  /**
   * grows with sequences longer than the model's positions, which nothing here makes; up to there it changes nothing
   */
  | { type: "dynamic"; factor: number }
  | { type: "linear"; factor: number }
  | { type: "llama3"; factor: number; lowFreqFactor: number; highFreqFactor: number; originalMaxPositions: number }
  /** `attentionFactor` multiplies cosines and sines; `truncate`: the bounds of the blend are whole dimensions */
  | {
      type: "yarn";
      factor: number;
      attentionFactor: number;
      betaFast: number;
      betaSlow: number;
      originalMaxPositions: number;
      truncate: boolean;
    };

/** How positions rotate queries and keys. */
export interface Rope {
  ropeTheta: number;
  ropeScaling?: RopeScaling;
}

/**
 * Shape of a decoder-only transformer, as plain data: it is sent to workers and compared. Sizes are counts of units.
 *
 * A family that computes what no other did brings a field. It says what is computed, not whose it is (a number such as
 * `attentionCap`, not `isGemma`), and is optional: absent, nothing changes, so that no other family names it. Where it
 * is read: the order of a layer's operations in `block.ts`, scores and softmax in `engine/attention.ts`, what layers
 * see of positions in `layerViews.ts`, angles in `rope.ts`, shapes of weights in `weights.ts`; what a layer takes
 * memory for also in `align/plan.ts`.
 */
export interface TransformerConfig extends Rope {
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
  /** Queries and keys have a norm before they are rotated: each head for itself, or all heads as one vector. */
  qkNorm?: "head" | "heads";
  /** Norms stand after attention and the feed-forward part, or around them; absent, before them. */
  norms?: "after" | "around";
  /** Norms multiply by it plus their weight; absent, by their weight. */
  normOffset?: number;
  /** Embeddings are multiplied by it. */
  embeddingScale?: number;
  /** What gates the feed-forward part; absent, silu. */
  activation?: "gelu_tanh";
  /** What queries are multiplied by; absent, 1/sqrt(headDim). */
  attentionScale?: number;
  /** Attention's scores are cap * tanh(score / cap). */
  attentionCap?: number;
  /** Logits are cap * tanh(logit / cap). */
  logitCap?: number;
  /** Some layers see only the latest `size` positions, their own among them; `rope`: how those rotate, if otherwise. */
  window?: { size: number; layers: number[]; rope?: Rope };
  /** Layers whose queries and keys are not rotated. */
  unrotated?: number[];
}

/**
 * Keys of config.json that families have in common, read and written as transformers does. What no family here computes
 * is refused by this schema; a family that does computes it replaces the key in its own (`hfSchema.extend`).
 */
import { z } from "zod";
import { UserError } from "../../base/check";
import type { TransformerConfig } from "../config";
import { hfRope, readRope, ropeSchema } from "./hfRope";

/** Far beyond what any model has: loops over them end, and products of two are exact. */
const most = 1 << 24;
const count = z.number().int().positive().max(most);
const layerCount = z.number().int().positive().max(4096);
const id = z.number().int().nonnegative();

const commonSchema = z
  .object({
    hidden_size: count,
    num_hidden_layers: layerCount,
    num_attention_heads: count,
    num_key_value_heads: count.nullish(),
    head_dim: count.nullish(),
    intermediate_size: count,
    vocab_size: count,
    rms_norm_eps: z.number().positive().default(1e-6),
    rope_theta: z.number().positive().nullish(),
    rope_scaling: ropeSchema,
    rope_parameters: ropeSchema,
    partial_rotary_factor: z.literal(1).nullish(),
    tie_word_embeddings: z.boolean().default(false),
    use_sliding_window: z
      .boolean()
      .refine((on) => !on, "sliding-window attention is not supported")
      .nullish(),
    quantization_config: z.null({ message: "quantised weights are not supported" }).optional(),
    max_position_embeddings: z.number().int().positive().safe().optional(),
    bos_token_id: id.nullish(),
    eos_token_id: z.union([id, z.array(id)]).nullish(),
    pad_token_id: z.number().int().nullish(),
  })
  .passthrough();

/** What a family that computes no more may say. */
export const hfSchema = commonSchema.extend({
  hidden_act: z.literal("silu").default("silu"),
  layer_types: z
    .array(z.string().refine((type) => type === "full_attention", "only full attention is supported"))
    .nullish(),
});

type HfConfig = z.output<typeof commonSchema>;

/** What the families' own keys decide. */
type CommonFields = Exclude<keyof TransformerConfig, OwnFields>;
type OwnFields =
  | "architecture"
  | "qkvBias"
  | "oBias"
  | "mlpBias"
  | "qkNorm"
  | "norms"
  | "normOffset"
  | "embeddingScale"
  | "activation"
  | "attentionScale"
  | "attentionCap"
  | "logitCap"
  | "window"
  | "unrotated";

/**
 * What the common keys say.
 * @param maxPositions the default of transformers' config class
 * @throws UserError for sizes that do not fit each other, or a rotary embedding that is not supported
 */
export function readHfConfig(hf: HfConfig, maxPositions: number, where: string): Pick<TransformerConfig, CommonFields> {
  const positions = hf.max_position_embeddings ?? maxPositions;
  const eos = hf.eos_token_id ?? [];
  const pad = hf.pad_token_id ?? -1; // some files write -1 for none
  const config = {
    hiddenSize: hf.hidden_size,
    layers: hf.num_hidden_layers,
    heads: hf.num_attention_heads,
    kvHeads: hf.num_key_value_heads ?? hf.num_attention_heads,
    headDim: hf.head_dim ?? hf.hidden_size / hf.num_attention_heads,
    intermediateSize: hf.intermediate_size,
    vocabSize: hf.vocab_size,
    rmsEps: hf.rms_norm_eps,
    ...readRope(hf, positions, where),
    tied: hf.tie_word_embeddings,
    maxPositions: positions,
    bosId: hf.bos_token_id ?? undefined,
    eosIds: typeof eos === "number" ? [eos] : eos,
    padId: pad >= 0 ? pad : undefined,
  };
  checkSizes(config, where);
  return config;
}

/** A whole config.json. @param own the family's own keys */
export function writeHfConfig(
  config: TransformerConfig,
  modelType: string,
  own: Record<string, unknown>,
): Record<string, unknown> {
  return {
    architectures: [config.architecture],
    model_type: modelType,
    ...own,
    attention_dropout: 0,
    bos_token_id: config.bosId ?? null,
    eos_token_id: config.eosIds.length > 1 ? config.eosIds : (config.eosIds[0] ?? null),
    pad_token_id: config.padId ?? null,
    head_dim: config.headDim,
    ...(config.activation ? {} : { hidden_act: "silu" }),
    hidden_size: config.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxPositions,
    num_attention_heads: config.heads,
    num_hidden_layers: config.layers,
    num_key_value_heads: config.kvHeads,
    rms_norm_eps: config.rmsEps,
    ...hfRope(config),
    tie_word_embeddings: config.tied,
    torch_dtype: "float32",
    use_cache: true,
    vocab_size: config.vocabSize,
  };
}

/** @throws Error unless the family can have these biases: then its config.json cannot say what the model is */
export function checkBiases({ architecture, qkvBias, oBias, mlpBias }: TransformerConfig, can: boolean): void {
  if (can) return;
  throw new Error(`toHfConfig: ${architecture} cannot have biases qkv ${qkvBias}, o ${oBias}, mlp ${mlpBias}`);
}

function checkSizes(
  { heads, kvHeads, headDim }: Pick<TransformerConfig, "heads" | "kvHeads" | "headDim">,
  where: string,
): void {
  const fix = "Correct config.json.";
  if (heads % kvHeads !== 0) {
    throw new UserError({
      where,
      expected: "num_attention_heads to be a multiple of num_key_value_heads",
      got: `${heads} and ${kvHeads}`,
      fix,
    });
  }
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw new UserError({
      where,
      expected: "an even whole head_dim (hidden_size / num_attention_heads)",
      got: String(headDim),
      fix,
    });
  }
}

/** Gemma 2: norms around both parts, of 1 + weight; GeGLU; capped scores and logits; every other layer has a window. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { TransformerConfig } from "../config";
import type { Family, TensorNames } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { llamaNames } from "./llama";
import { layerTypes, layerTypesSchema, someLayers } from "./window";

export const gemma2Names: TensorNames = {
  ...llamaNames,
  layer: {
    ...llamaNames.layer,
    attentionOutputNorm: "post_attention_layernorm",
    mlpNorm: "pre_feedforward_layernorm",
    mlpOutputNorm: "post_feedforward_layernorm",
  },
};

/** Keys of both Gemma 2 and 3. */
export const gemmaSchema = hfSchema.extend({
  num_key_value_heads: z.number().int().positive().nullish().default(4),
  head_dim: z.number().int().positive().nullish().default(256),
  hidden_act: z.unknown(), // `hidden_activation` is what counts
  hidden_activation: z.literal("gelu_pytorch_tanh").default("gelu_pytorch_tanh"),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: z.number().int().positive().default(4096),
  layer_types: layerTypesSchema,
  use_bidirectional_attention: z.literal(false).nullish(),
});

/** What both compute alike. */
export function readGemma(
  hf: Pick<z.output<typeof gemmaSchema>, "attention_bias" | "hidden_size" | "query_pre_attn_scalar">,
): Omit<TransformerConfig, keyof ReturnType<typeof readHfConfig> | "architecture"> {
  return {
    qkvBias: hf.attention_bias,
    oBias: hf.attention_bias,
    mlpBias: false,
    norms: "around",
    normOffset: 1,
    embeddingScale: Math.sqrt(hf.hidden_size),
    activation: "gelu_tanh",
    attentionScale: 1 / Math.sqrt(hf.query_pre_attn_scalar),
  };
}

/** The keys of `gemmaSchema`. */
export function gemmaKeys(config: TransformerConfig): Record<string, unknown> {
  checkBiases(config, config.qkvBias === config.oBias && !config.mlpBias);
  const { attentionScale, headDim, window } = config;
  return {
    attention_bias: config.qkvBias,
    hidden_activation: "gelu_pytorch_tanh",
    layer_types: layerTypes(config),
    query_pre_attn_scalar: attentionScale ? Math.round(attentionScale ** -2) : headDim,
    sliding_window: window!.size,
  };
}

const architecture = "Gemma2ForCausalLM";
const modelType = "gemma2";
const cap = z.number().positive().nullish();
const schema = gemmaSchema.extend({
  attn_logit_softcapping: cap.default(50),
  final_logit_softcapping: cap.default(30),
});

export const gemma2: Family = {
  architecture,
  modelType,
  names: gemma2Names,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 8192, where),
      ...readGemma(hf),
      ...someLayers(hf.sliding_window, hf.num_hidden_layers, hf.layer_types, 2),
      attentionCap: hf.attn_logit_softcapping ?? undefined,
      logitCap: hf.final_logit_softcapping ?? undefined,
    };
  },
  write: (config) =>
    writeHfConfig(config, modelType, {
      ...gemmaKeys(config),
      attn_logit_softcapping: config.attentionCap ?? null,
      final_logit_softcapping: config.logitCap ?? null,
    }),
};

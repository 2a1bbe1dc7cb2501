/** Llama 2 and 3, and what else is published in their architecture: SmolLM2, TinyLlama, Yi. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family, TensorNames } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";

export const llamaNames: TensorNames = {
  embedding: "model.embed_tokens",
  layers: "model.layers",
  layer: {
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    output: "self_attn.o_proj",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    attentionNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm",
  },
  norm: "model.norm",
  head: "lm_head",
};

/** The same where queries and keys have norms. */
export const normedNames: TensorNames = {
  ...llamaNames,
  layer: {
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    output: "self_attn.o_proj",
    queryNorm: "self_attn.q_norm",
    keyNorm: "self_attn.k_norm",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    attentionNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm",
  },
};

const architecture = "LlamaForCausalLM";
const modelType = "llama";
const schema = hfSchema.extend({
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

export const llama: Family = {
  architecture,
  modelType,
  names: llamaNames,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 2048, where),
      qkvBias: hf.attention_bias,
      oBias: hf.attention_bias,
      mlpBias: hf.mlp_bias,
    };
  },
  write: (config) => {
    checkBiases(config, config.qkvBias === config.oBias);
    return writeHfConfig(config, modelType, { attention_bias: config.qkvBias, mlp_bias: config.mlpBias });
  },
};

/** OLMo 2: norms stand behind attention and the feed-forward part, and all queries and all keys are normed. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family, TensorNames } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { normedNames } from "./llama";

const { attentionNorm: _before, mlpNorm: _between, ...layer } = normedNames.layer;
const names: TensorNames = {
  ...normedNames,
  layer: { ...layer, attentionOutputNorm: "post_attention_layernorm", mlpOutputNorm: "post_feedforward_layernorm" },
};

const architecture = "Olmo2ForCausalLM";
const modelType = "olmo2";
const schema = hfSchema.extend({
  attention_bias: z.boolean().default(false),
  rms_norm_eps: z.number().positive().default(1e-5),
});

export const olmo2: Family = {
  architecture,
  modelType,
  names,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 2048, where),
      qkvBias: hf.attention_bias,
      oBias: hf.attention_bias,
      mlpBias: false,
      qkNorm: "heads",
      norms: "after",
    };
  },
  write: (config) => {
    checkBiases(config, config.qkvBias === config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, { attention_bias: config.qkvBias });
  },
};

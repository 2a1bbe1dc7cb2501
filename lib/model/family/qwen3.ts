/** Qwen3: Llama whose heads' queries and keys are normed before they are rotated. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { normedNames } from "./llama";

const architecture = "Qwen3ForCausalLM";
const modelType = "qwen3";
const schema = hfSchema.extend({
  attention_bias: z.boolean().default(false),
  head_dim: z.number().int().positive().nullish().default(128),
});

export const qwen3: Family = {
  architecture,
  modelType,
  names: normedNames,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 32768, where),
      qkvBias: hf.attention_bias,
      oBias: hf.attention_bias,
      mlpBias: false,
      qkNorm: "head",
    };
  },
  write: (config) => {
    checkBiases(config, config.qkvBias === config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, { attention_bias: config.qkvBias, use_sliding_window: false });
  },
};

/** Mistral and what is published in its architecture (Zephyr): Llama that may see only the latest positions. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { llamaNames } from "./llama";
import { allLayers, windowSchema } from "./window";

const architecture = "MistralForCausalLM";
const modelType = "mistral";
const schema = hfSchema.extend({
  num_key_value_heads: z.number().int().positive().nullish().default(8),
  sliding_window: windowSchema.default(4096),
});

export const mistral: Family = {
  architecture,
  modelType,
  names: llamaNames,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 131072, where),
      qkvBias: false,
      oBias: false,
      mlpBias: false,
      ...allLayers(hf.sliding_window, hf.num_hidden_layers),
    };
  },
  write: (config) => {
    checkBiases(config, !config.qkvBias && !config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, { sliding_window: config.window?.size ?? null });
  },
};

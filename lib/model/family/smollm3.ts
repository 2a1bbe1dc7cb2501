/** SmolLM3: Llama with layers in which positions do not rotate. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { llamaNames } from "./llama";

const architecture = "SmolLM3ForCausalLM";
const modelType = "smollm3";
const schema = hfSchema
  .extend({
    num_key_value_heads: z.number().int().positive().nullish().default(4),
    rope_theta: z.number().positive().nullish().default(2e6),
    tie_word_embeddings: z.boolean().default(true),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(), // 1: a layer that is rotated
    no_rope_layer_interval: z.number().int().positive().default(4),
  })
  .refine((hf) => !hf.no_rope_layers || hf.no_rope_layers.length >= hf.num_hidden_layers, {
    path: ["no_rope_layers"],
    message: "an entry for every layer",
  });

export const smollm3: Family = {
  architecture,
  modelType,
  names: llamaNames,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    const isRotated = (i: number): boolean =>
      hf.no_rope_layers ? hf.no_rope_layers[i] === 1 : (i + 1) % hf.no_rope_layer_interval !== 0;
    return {
      architecture,
      ...readHfConfig(hf, 32768, where),
      qkvBias: hf.attention_bias,
      oBias: hf.attention_bias,
      mlpBias: hf.mlp_bias,
      unrotated: Array.from({ length: hf.num_hidden_layers }, (_, i) => i).filter((i) => !isRotated(i)),
    };
  },
  write: (config) => {
    checkBiases(config, config.qkvBias === config.oBias);
    return writeHfConfig(config, modelType, {
      attention_bias: config.qkvBias,
      mlp_bias: config.mlpBias,
      no_rope_layers: Array.from({ length: config.layers }, (_, i) => (config.unrotated?.includes(i) ? 0 : 1)),
      use_sliding_window: false,
    });
  },
};

/** Phi-3 and Phi-3.5 mini, Phi-4: Llama whose projections lie in two tensors, and which may have a window. */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family, TensorNames } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { llamaNames } from "./llama";
import { rowsFrom } from "./rows";
import { allLayers, windowSchema } from "./window";

const names: TensorNames = {
  ...llamaNames,
  layer: {
    output: "self_attn.o_proj",
    query: "self_attn.qkv_proj",
    key: "self_attn.qkv_proj",
    value: "self_attn.qkv_proj",
    gate: "mlp.gate_up_proj",
    up: "mlp.gate_up_proj",
    down: "mlp.down_proj",
    attentionNorm: "input_layernorm",
    mlpNorm: "post_attention_layernorm",
  },
};

const architecture = "Phi3ForCausalLM";
const modelType = "phi3";
const onlyDefault = "only rotary embeddings without scaling are supported: no longrope, su or yarn";
const schema = hfSchema.extend({
  rms_norm_eps: z.number().positive().default(1e-5),
  rope_scaling: z.null({ message: onlyDefault }).optional(),
  rope_parameters: z
    .object({
      rope_type: z
        .string()
        .refine((type) => type === "default", onlyDefault)
        .optional(),
    })
    .passthrough()
    .nullish(),
  sliding_window: windowSchema,
});

export const phi3: Family = {
  architecture,
  modelType,
  names,
  rows: ({ heads, kvHeads, headDim, intermediateSize: I }) => {
    const [Q, K] = [heads * headDim, kvHeads * headDim];
    return {
      query: rowsFrom(0, Q),
      key: rowsFrom(Q, K),
      value: rowsFrom(Q + K, K),
      gate: rowsFrom(0, I),
      up: rowsFrom(I, I),
    };
  },
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 4096, where),
      qkvBias: false,
      oBias: false,
      mlpBias: false,
      ...allLayers(hf.sliding_window, hf.num_hidden_layers),
    };
  },
  write: (config) => {
    checkBiases(config, !config.qkvBias && !config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, {
      original_max_position_embeddings: config.maxPositions,
      sliding_window: config.window?.size ?? null,
    });
  },
};

/**
 * The text model of Gemma 3: Gemma 2 without caps, but with normed queries and keys, and layers with a window that
 * rotate otherwise than those without.
 */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family, TensorNames } from "./family";
import { gemma2Names, gemmaKeys, gemmaSchema, readGemma } from "./gemma2";
import { readHfConfig, writeHfConfig } from "./hfConfig";
import { hfRope, readRope, ropeSchema } from "./hfRope";
import { normedNames } from "./llama";
import { someLayers } from "./window";

const names: TensorNames = { ...gemma2Names, layer: { ...normedNames.layer, ...gemma2Names.layer } };
const architecture = "Gemma3ForCausalLM";
const modelType = "gemma3_text";
const none = z.null({ message: "caps are not supported" }).optional();
const schema = gemmaSchema.extend({
  rope_theta: z.number().positive().nullish().default(1e6),
  rope_local_base_freq: z.number().positive().default(1e4),
  rope_parameters: z.object({ full_attention: ropeSchema, sliding_attention: ropeSchema }).passthrough().nullish(),
  sliding_window_pattern: z.number().int().positive().default(6),
  attn_logit_softcapping: none,
  final_logit_softcapping: none,
});

export const gemma3: Family = {
  architecture,
  modelType,
  names,
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    const { full_attention, sliding_attention } = hf.rope_parameters ?? {};
    const common = readHfConfig({ ...hf, rope_parameters: full_attention }, 131072, where);
    const local = { rope_theta: hf.rope_local_base_freq, rope_parameters: sliding_attention };
    const { window } = someLayers(hf.sliding_window, hf.num_hidden_layers, hf.layer_types, hf.sliding_window_pattern);
    return {
      architecture,
      ...common,
      ...readGemma(hf),
      qkNorm: "head",
      window: { ...window, rope: readRope(local, common.maxPositions, where) },
    };
  },
  write: (config) => {
    const { rope_parameters: full, ...version4 } = hfRope(config);
    const { rope_parameters: sliding } = hfRope(config.window!.rope!);
    return {
      ...writeHfConfig(config, modelType, gemmaKeys(config)),
      ...version4,
      rope_local_base_freq: config.window!.rope!.ropeTheta,
      rope_parameters: { full_attention: full, sliding_attention: sliding },
    };
  },
};

/**
 * InternLM 2 and 2.5: Llama under names of its own, with queries, keys and values in one tensor, head by key-value
 * head. transformers has no class for it but reads it with the Python files that InternLM publishes beside the weights
 * (`trust_remote_code`); a folder that is written here names them, and they have to be copied into it.
 */
import { z } from "zod";
import { parseRow } from "../../base/check";
import type { Family, TensorNames } from "./family";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { rowsFrom } from "./rows";

const names: TensorNames = {
  embedding: "model.tok_embeddings",
  layers: "model.layers",
  layer: {
    query: "attention.wqkv",
    key: "attention.wqkv",
    value: "attention.wqkv",
    output: "attention.wo",
    gate: "feed_forward.w1",
    up: "feed_forward.w3",
    down: "feed_forward.w2",
    attentionNorm: "attention_norm",
    mlpNorm: "ffn_norm",
  },
  norm: "model.norm",
  head: "output",
};

const architecture = "InternLM2ForCausalLM";
const modelType = "internlm2";
const schema = hfSchema.extend({ bias: z.boolean().default(true) });

export const internlm2: Family = {
  architecture,
  modelType,
  names,
  rows: ({ heads, kvHeads, headDim: h }) => {
    const group = heads / kvHeads; // queries of a key-value head, then its key, then its value
    const stride = (group + 2) * h;
    return {
      query: rowsFrom(0, group * h, kvHeads, stride),
      key: rowsFrom(group * h, h, kvHeads, stride),
      value: rowsFrom((group + 1) * h, h, kvHeads, stride),
    };
  },
  read: (value, where) => {
    const hf = parseRow(schema, value, where);
    return {
      architecture,
      ...readHfConfig(hf, 2048, where),
      qkvBias: hf.bias,
      oBias: hf.bias,
      mlpBias: false,
    };
  },
  write: (config) => {
    checkBiases(config, config.qkvBias === config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, {
      auto_map: {
        AutoConfig: "configuration_internlm2.InternLM2Config",
        AutoModel: "modeling_internlm2.InternLM2ForCausalLM",
        AutoModelForCausalLM: "modeling_internlm2.InternLM2ForCausalLM",
      },
      bias: config.qkvBias,
    });
  },
};

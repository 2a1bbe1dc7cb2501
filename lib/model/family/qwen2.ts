/** Qwen2 and Qwen2.5: Llama whose queries, keys and values have biases. */
import type { Family } from "./family";
import { parseRow } from "../../base/check";
import { checkBiases, hfSchema, readHfConfig, writeHfConfig } from "./hfConfig";
import { llamaNames } from "./llama";

const architecture = "Qwen2ForCausalLM";
const modelType = "qwen2";

export const qwen2: Family = {
  architecture,
  modelType,
  names: llamaNames,
  read: (value, where) => ({
    architecture,
    ...readHfConfig(parseRow(hfSchema, value, where), 32768, where),
    qkvBias: true,
    oBias: false,
    mlpBias: false,
  }),
  write: (config) => {
    checkBiases(config, config.qkvBias && !config.oBias && !config.mlpBias);
    return writeHfConfig(config, modelType, { use_sliding_window: false });
  },
};

/**
 * Folders of test/golden/models: tied multi-head, grouped-query with llama3 scaling, Qwen2, all biases with linear
 * scaling.
 */
export const variedModels = ["llama-tied-mha", "llama-gqa-llama3", "qwen2-gqa-tied", "llama-biases-linear"];
/** Published shapes made small, in bfloat16 and most of them in shards. */
export const publishedShapes = [
  "llama-3.2-1b",
  "llama-3.1-8b",
  "qwen2.5-0.5b",
  "qwen2.5-1.5b",
  "smollm2-135m",
  "tinyllama-1.1b",
  "yi-1.5-6b",
  "mistral-7b",
  "qwen3-0.6b",
  "smollm3-3b",
  "olmo2-1b",
  "gemma2-27b",
  "gemma3-4b",
  "phi-3-mini",
  "internlm2-7b",
];
export const goldenModels = [...variedModels, ...publishedShapes];
/** Every projection of a layer, as Llama and most families name them. */
export const loraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

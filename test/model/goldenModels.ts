/** Folders of test/golden/models: tied multi-head, grouped-query with llama3 scaling, Qwen2, all biases with linear scaling. */
export const variedModels = ["llama-tied-mha", "llama-gqa-llama3", "qwen2-gqa-tied", "llama-biases-linear"];
/** Published shapes made small, in bfloat16 and shards. */
export const publishedShapes = [
  "llama-3.2-1b",
  "llama-3.1-8b",
  "qwen2.5-0.5b",
  "qwen2.5-1.5b",
  "smollm2-135m",
  "tinyllama-1.1b",
];
export const goldenModels = [...variedModels, ...publishedShapes];
/** Every projection of a layer, as Llama and Qwen2 name them. */
export const loraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/** Folders of test/golden/models: tied multi-head, grouped-query with llama3 scaling, Qwen2, all biases with linear scaling. */
export const goldenModels = ["llama-tied-mha", "llama-gqa-llama3", "qwen2-gqa-tied", "llama-biases-linear"];

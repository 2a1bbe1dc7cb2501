/** Everything that reads a model of the user's. */
import { copyFileSync, cpSync } from "node:fs";
import path from "node:path";
import { openCheckpoint, readCheckpoint, readCheckpointConfig } from "../../lib/model/checkpoint";
import { readAdapter } from "../../lib/model/adapter/peft";
import { importModelVerb } from "../../lib/steps/importModel";
import { promptIds } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { tinyModel } from "../cli/data";
import { goldenPath } from "../golden/golden";
import type { Target } from "./target";

const copy =
  (from: string, ...names: string[]) =>
  (dir: string): void => {
    for (const name of names) copyFileSync(path.join(from, name), path.join(dir, name));
  };

const messages = [
  { role: "system" as const, content: "Be brief." },
  { role: "user" as const, content: "Tell me about Bern, é \u{1F600}." },
];

const tokenizer = (family: string): Target => ({
  name: `tokenizer ${family}`,
  prepare: (dir) => cpSync(goldenPath("text", family), dir, { recursive: true }),
  files: { "tokenizer.json": "json", "tokenizer_config.json": "json" },
  words: [
    "(a+)+$",
    "(?<!a)b",
    "\\p{L}+",
    "[",
    "<|begin_of_text|>",
    "\u2581",
    "ByteLevel",
    "Metaspace",
    "Split",
    "Regex",
  ],
  read(dir) {
    const loaded = loadTokenizer(dir);
    const { ids } = loaded.encode(`Hello  world, ${"a".repeat(40)}b\n\n${messages[1]!.content}`);
    return [loaded.decode([...ids]), promptIds(loaded, messages)];
  },
});

const template: Target = {
  name: "chat template",
  prepare: (dir) => cpSync(goldenPath("text", "llama3"), dir, { recursive: true }),
  files: { "chat_template.jinja": "text" },
  words: [
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for i in range(3000) %}{% for j in range(3000) %}x{% endfor %}{% endfor %}",
    "{{ messages.constructor.constructor('return process')() }}",
    "{{ messages.__proto__ }}",
    "{{ 'x' * 1000000000 }}",
    "{{ raise_exception('no') }}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{% set ns = namespace(x=1) %}",
    "{{ messages | tojson }}",
    "{{ messages[99].content }}",
    "{% if",
    "{#",
    "endfor",
    "| upper | length",
  ],
  read: (dir) => promptIds(loadTokenizer(dir), messages),
};

const model: Target = {
  name: "model folder",
  prepare: copy(
    tinyModel,
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ),
  files: { "config.json": "json", "generation_config.json": "json", "tokenizer.json": "json" },
  words: ["LlamaForCausalLM", "Qwen2ForCausalLM", "llama3", "dynamic", "linear", "yarn", "bfloat16", "rope_scaling"],
  read: (dir) => [readCheckpointConfig(dir), openCheckpoint(dir).extra],
};

const weights: Target = {
  name: "safetensors",
  prepare: model.prepare,
  files: { "model.safetensors": "bytes" },
  read: (dir) => readCheckpoint(dir).tensors.size,
};

const adapter: Target = {
  name: "adapter folder",
  prepare: copy(goldenPath("lora", "llama-gqa-llama3"), "adapter_config.json", "adapter_model.safetensors"),
  files: { "adapter_config.json": "json", "adapter_model.safetensors": "bytes" },
  words: ["LORA", "q_proj", "all-linear", ".*_proj", "(a+)+$", "lora_dropout"],
  read: (dir) => readAdapter(dir, readCheckpointConfig(goldenPath("models", "llama-gqa-llama3"))).tensors.size,
};

const gguf: Target = {
  name: "gguf",
  prepare: copy(goldenPath("gguf"), "llama-gqa-llama3.gguf"),
  files: { "llama-gqa-llama3.gguf": "bytes" },
  words: ["general.architecture", "llama.block_count", "tokenizer.ggml.tokens", "qwen2", "blk.0.attn_q.weight"],
  read: (dir) => importModelVerb({ file: path.join(dir, "llama-gqa-llama3.gguf"), out: path.join(dir, "model") }),
};

export const modelTargets: readonly Target[] = [
  weights,
  tokenizer("llama3"),
  tokenizer("metaspace"),
  tokenizer("qwen2"),
  model,
  template,
  adapter,
  gguf,
];

/**
 * A Hugging Face checkpoint folder, read and written as is: config.json, generation_config.json,
 * model.safetensors and the tokenizer's files. A folder is written whole or not at all.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { type Tokenizer, checkVocabulary, loadTokenizer } from "../text/tokenizer";
import { tokenizerFileNames } from "../text/tokenizerFiles";
import { type LlamaConfig, readConfig, toHfConfig } from "./config";
import { type HostTensor, type SafetensorsReader, readSafetensors, writeSafetensors } from "./safetensors";

/** A model outside the engine. */
export interface Checkpoint {
  config: LlamaConfig;
  /** Every weight of `weightShapes(config)`, under transformers' names and in its order. */
  tensors: Map<string, HostTensor>;
  tokenizer: Tokenizer;
  /** Tensors of the file that the model has no use for (an output head that is tied, buffers). */
  extra: string[];
}

/** Names and shapes of a model's weights, as transformers names them; linear weights are [out, in]. */
export function weightShapes(config: LlamaConfig): Map<string, number[]> {
  const { hiddenSize: H, intermediateSize: I, headDim, heads, kvHeads, vocabSize: V } = config;
  const shapes = new Map<string, number[]>([["model.embed_tokens.weight", [V, H]]]);
  const linear = (name: string, out: number, input: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, input]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`;
    linear(`${layer}.self_attn.q_proj`, heads * headDim, H, config.qkvBias);
    linear(`${layer}.self_attn.k_proj`, kvHeads * headDim, H, config.qkvBias);
    linear(`${layer}.self_attn.v_proj`, kvHeads * headDim, H, config.qkvBias);
    linear(`${layer}.self_attn.o_proj`, H, heads * headDim, config.oBias);
    linear(`${layer}.mlp.gate_proj`, I, H, config.mlpBias);
    linear(`${layer}.mlp.up_proj`, I, H, config.mlpBias);
    linear(`${layer}.mlp.down_proj`, H, I, config.mlpBias);
    shapes.set(`${layer}.input_layernorm.weight`, [H]);
    shapes.set(`${layer}.post_attention_layernorm.weight`, [H]);
  }
  shapes.set("model.norm.weight", [H]);
  if (!config.tied) shapes.set("lm_head.weight", [V, H]);
  return shapes;
}

/**
 * Reads and checks a checkpoint folder.
 * @throws UserError for a missing folder or file, another architecture, a missing, misshapen or non-finite
 * weight, or a tokenizer that does not fit the model
 */
export function readCheckpoint(dir: string): Checkpoint {
  restore(dir);
  if (!existsSync(dir)) throw new UserError({ where: dir, expected: "a checkpoint folder", got: "nothing there", fix: "Check the path." });
  const config = readConfig(path.join(dir, "config.json"));
  const tokenizer = loadTokenizer(dir);
  checkVocabulary(tokenizer, config.vocabSize, dir);
  const reader = readSafetensors(dir);
  const shapes = weightShapes(config);
  for (const [name, shape] of shapes) checkWeight(reader, name, shape, dir);
  const tensors = new Map([...shapes.keys()].map((name) => [name, finite(reader.get(name), name, dir)]));
  return { config, tensors, tokenizer, extra: reader.names.filter((name) => !shapes.has(name)) };
}

/**
 * Writes a checkpoint folder that transformers loads. Everything goes to a sibling folder first, which then
 * takes the place of `dir`; a checkpoint that was there stands until then.
 * @param tokenizerDir folder whose tokenizer files, and generation_config.json if any, are copied
 * @throws UserError when `dir` holds something that is not a checkpoint
 */
export function writeCheckpoint(dir: string, config: LlamaConfig, tensors: ReadonlyMap<string, HostTensor>, tokenizerDir: string): void {
  const shapes = weightShapes(config);
  const wrong = [...shapes].find(([name, shape]) => tensors.get(name)?.shape.join() !== shape.join()) ?? [...tensors].find(([name]) => !shapes.has(name));
  if (wrong) throw new RangeError(`writeCheckpoint: ${wrong[0]} is missing, misshapen or not part of the model`);
  restore(dir);
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(path.join(dir, "config.json"))) {
    throw new UserError({ where: dir, expected: "no folder, an empty one or a checkpoint to replace", got: "a folder of other files", fix: "Choose another output folder." });
  }
  const { next, previous } = siblings(dir);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    writeSafetensors(path.join(next, "model.safetensors"), tensors);
    writeFileAtomic(path.join(next, "config.json"), json(toHfConfig(config)));
    writeFileAtomic(path.join(next, "generation_config.json"), generationConfig(config, tokenizerDir));
    for (const name of tokenizerFileNames) {
      const file = path.join(tokenizerDir, name);
      if (existsSync(file)) writeFileAtomic(path.join(next, name), readFileSync(file));
    }
    if (existsSync(dir)) renameSync(dir, previous);
    renameSync(next, dir);
    rmSync(previous, { recursive: true, force: true });
  } catch (error) {
    rmSync(next, { recursive: true, force: true });
    restore(dir);
    throw error;
  }
}

/** A process killed between the two renames leaves the old checkpoint beside its place: put it back. */
function restore(dir: string): void {
  const { previous } = siblings(dir);
  if (!existsSync(previous)) return;
  if (existsSync(dir)) rmSync(previous, { recursive: true, force: true });
  else renameSync(previous, dir);
}

function siblings(dir: string): { next: string; previous: string } {
  const base = path.resolve(dir);
  return { next: `${base}.new`, previous: `${base}.old` };
}

function checkWeight(reader: SafetensorsReader, name: string, shape: readonly number[], where: string): void {
  const fix = "Check that the weights belong to config.json.";
  if (!reader.names.includes(name)) throw new UserError({ where, expected: `weight ${name} [${shape.join(", ")}]`, got: `no such tensor among ${reader.names.length}`, fix });
  const got = reader.shape(name);
  if (got.join() !== shape.join()) throw new UserError({ where, expected: `weight ${name} of shape [${shape.join(", ")}]`, got: `[${got.join(", ")}]`, fix });
}

function finite(tensor: HostTensor, name: string, where: string): HostTensor {
  const bad = tensor.data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return tensor;
  throw new UserError({ where, expected: `finite numbers in weight ${name}`, got: `${tensor.data[bad]} at element ${bad}`, fix: "The checkpoint is damaged or its training diverged; use an earlier one." });
}

function generationConfig(config: LlamaConfig, tokenizerDir: string): string | Uint8Array {
  const file = path.join(tokenizerDir, "generation_config.json");
  if (existsSync(file)) return readFileSync(file);
  const { bos_token_id, eos_token_id, pad_token_id } = toHfConfig(config);
  return json(Object.fromEntries(Object.entries({ bos_token_id, eos_token_id, pad_token_id }).filter(([, value]) => value !== null)));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

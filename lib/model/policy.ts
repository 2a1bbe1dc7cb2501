/** A policy ready to run: weights on the engine, forward pass, tokenizer. */
import { readdirSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { sha256, sha256File } from "../base/hash";
import type { Tokenizer } from "../text/tokenizer";
import { tokenizerFileNames } from "../text/tokenizerFiles";
import { readCheckpoint } from "./checkpoint";
import { Llama, uploadParams, type Params } from "./llama";

export interface Policy {
  /** Hugging Face folder it was read from. */
  dir: string;
  model: Llama;
  params: Params;
  tokenizer: Tokenizer;
  dispose(): void;
}

/** Loads a Hugging Face folder. Start the engine first. @throws UserError as `readCheckpoint` */
export function loadPolicy(dir: string): Policy {
  const { config, tensors, tokenizer } = readCheckpoint(dir);
  const model = new Llama(config);
  const params = uploadParams(tensors);
  return {
    dir, model, params, tokenizer,
    dispose: () => { model.dispose(); tf.dispose(params); },
  };
}

/** sha256 over everything that determines a policy's outputs: configuration, weights, tokenizer, chat template. */
export function policyHash(dir: string): string {
  const files = readdirSync(dir).filter((name) => name === "config.json" || name.endsWith(".safetensors") || (tokenizerFileNames as readonly string[]).includes(name) || name === "generation_config.json").sort();
  return sha256(files.map((name) => sha256File(path.join(dir, name))).join(""));
}

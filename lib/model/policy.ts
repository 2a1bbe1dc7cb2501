/** A policy ready to run: weights on the engine, forward pass, tokenizer. */
import { readdirSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { sha256, sha256File } from "../base/hash";
import { startEngine, type Engine } from "../engine/backend";
import { holdsHalves, uploadedHalves } from "../engine/half";
import { uploaded } from "../engine/upload";
import type { Tokenizer } from "../text/tokenizer";
import { tokenizerFileNames } from "../text/tokenizerFiles";
import { mergedCheckpoint } from "./adapter/lora";
import { readAdapter } from "./adapter/peft";
import { isLarge } from "./weights";
import { openCheckpoint, readCheckpointConfig, type OpenCheckpoint } from "./checkpoint";
import { Transformer } from "./transformer";
import type { Params } from "./params";

export interface Policy {
  /** Hugging Face folder it was read from. */
  dir: string;
  model: Transformer;
  params: Params;
  tokenizer: Tokenizer;
  dispose: () => void;
}

/**
 * Starts the engine as is best for the policy of a folder.
 * @throws UserError as `readCheckpointConfig` and `startEngine`
 */
export function startEngineFor(dir: string): Promise<Engine> {
  return startEngine({ large: isLarge(readCheckpointConfig(dir)) });
}

interface LoadOptions {
  /** matrices that are stored in 16 bits stay so (`engine/half`) */
  frozen?: boolean;
  /** see `Transformer` */
  gradientCheckpointing?: boolean;
  /** the folder of one that is added to the weights */
  adapter?: string;
}

/**
 * Loads a Hugging Face folder. Start the engine first.
 * @throws UserError as `readCheckpoint` and `readAdapter`
 */
export function loadPolicy(
  dir: string,
  { frozen = false, gradientCheckpointing = false, adapter }: LoadOptions = {},
): Policy {
  const base = openCheckpoint(dir);
  const { config, tokenizer } = base;
  const checkpoint = adapter === undefined ? base : mergedCheckpoint(base, readAdapter(adapter, config));
  const params = streamParams(checkpoint, frozen && holdsHalves());
  const model = new Transformer(config, gradientCheckpointing);
  return {
    dir,
    model,
    params,
    tokenizer,
    dispose: () => {
      model.dispose();
      tf.dispose(params);
    },
  };
}

/** A policy for as long as `use` takes. @throws UserError as `loadPolicy` */
export async function withPolicy<T>(
  dir: string,
  use: (policy: Policy) => Promise<T>,
  options?: LoadOptions,
): Promise<T> {
  const policy = loadPolicy(dir, options);
  try {
    return await use(policy);
  } finally {
    policy.dispose();
  }
}

/** Weights onto the engine one by one through one array, the largest first, while there is most room. */
function streamParams({ shapes, read, half, readHalves }: OpenCheckpoint, keepHalves: boolean): Params {
  const typeOf = (name: string) => (keepHalves ? half(name) : undefined);
  const sizeOf = (name: string) => shapes.get(name)!.reduce((a, b) => a * b, typeOf(name) ? 0.5 : 1); // floats
  const names = [...shapes.keys()];
  const bySize = names.slice().sort((a, b) => sizeOf(b) - sizeOf(a));
  const loaded: Params = {};
  let room: Float32Array | undefined;
  try {
    for (const name of bySize) {
      const type = typeOf(name);
      const shape = shapes.get(name)!.slice();
      const data = type ? readHalves(name, room) : read(name, room).data;
      const { tensor, free } = type ? uploadedHalves(data, shape as [number, number], type) : uploaded(data, shape);
      loaded[name] = tensor;
      room = free ? (room ?? data) : undefined;
    }
  } catch (error) {
    tf.dispose(loaded);
    throw error;
  }
  return Object.fromEntries(names.map((name) => [name, loaded[name]!])); // in the order of the model
}

/** Whether a file of this name is a part of what a folder says of a policy. */
export function isPolicyFile(name: string): boolean {
  return (
    ["config.json", "generation_config.json", ...tokenizerFileNames].includes(name) || name.endsWith(".safetensors")
  );
}

/** sha256 over everything that determines a policy's outputs: configuration, weights, tokenizer, chat template. */
export function policyHash(dir: string): string {
  const files = readdirSync(dir).filter(isPolicyFile).sort();
  return sha256(files.map((name) => sha256File(path.join(dir, name))).join(""));
}

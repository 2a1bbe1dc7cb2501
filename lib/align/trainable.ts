/** What a run trains: all weights of a policy, or an adapter on frozen ones. */
import * as tf from "@tensorflow/tfjs";
import type { FolderFiles } from "../base/folders";
import { Rng } from "../base/rng";
import { writeCheckpoint } from "../model/checkpoint";
import { adapted, initialAdapter, loraScale, type LoraConfig } from "../model/adapter/lora";
import { uploadParams } from "../model/params";
import { writeAdapter } from "../model/adapter/peft";
import type { Policy } from "../model/policy";
import { flatLayout, flatten, unflattenHost, type FlatLayout } from "./flat";
import type { Complete } from "./microbatch";

/** Writes weights [P] as a folder. */
export type Save = (dir: string, weights: Float32Array) => FolderFiles;

/** What is trained, as weights [P] of a layout, and where they go in the end: all of the policy's, or an adapter's. */
export function trainable(
  { model, params, tokenizer }: Policy,
  { policyDir, seed, lora }: { policyDir: string; seed: number; lora?: LoraConfig },
): {
  layout: FlatLayout;
  initial: tf.Tensor1D;
  complete?: Complete;
  save: Save;
} {
  const fresh = lora && uploadParams(initialAdapter(model.config, lora, new Rng(seed).fork("lora")).tensors);
  const trained = fresh ?? params;
  const layout = flatLayout(trained);
  const initial = flatten(Object.values(trained));
  tf.dispose(trained); // all that is needed of them is in the vector
  if (!lora)
    return {
      layout,
      initial,
      save: (dir, weights) => writeCheckpoint(dir, model.config, unflattenHost(weights, layout), tokenizer.dir),
    };
  return {
    layout,
    initial,
    complete: (adapter) => adapted(params, adapter, loraScale(lora)),
    save: (dir, weights) => writeAdapter(dir, { config: lora, tensors: unflattenHost(weights, layout) }, policyDir),
  };
}

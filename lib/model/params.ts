/** The parameters of a model on the engine. */
import * as tf from "@tensorflow/tfjs";
import type { HostTensor } from "./safetensors/safetensors";

/** Weights by their Hugging Face name, e.g. "model.layers.0.self_attn.q_proj.weight" [out, in]. */
export type Params = Record<string, tf.Tensor>;

/** Weights onto the engine; the caller disposes them. */
export function uploadParams(tensors: ReadonlyMap<string, HostTensor>): Params {
  return Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
}

/** Weights off the engine. */
export async function downloadParams(params: Params): Promise<Map<string, HostTensor>> {
  return new Map(
    await Promise.all(
      Object.entries(params).map(async ([name, t]): Promise<[string, HostTensor]> => [
        name,
        { shape: t.shape.slice(), data: Float32Array.from(await t.data()) },
      ]),
    ),
  );
}

/** A parameter by name; throws when absent. */
export function param<T extends tf.Tensor>(params: Params, name: string): T {
  const tensor = params[name];
  if (!tensor) throw new Error(`param: expected a tensor named "${name}", got ${Object.keys(params).length} others`);
  return tensor as T;
}

/** Whether a tensor is an adapter's (`lora.ts`). */
export const isAdapters = (name: string): boolean => /\.lora_[AB]\.weight$/.test(name);

/** Whether all parameters are frozen but those of an adapter among them. */
export function isAdapted(params: Params): boolean {
  return Object.keys(params).some(isAdapters);
}

/** Numbers onto the engine, in a tensor that shares them with nobody. */
import * as tf from "@tensorflow/tfjs";
import { deepCopy, nativeBackend } from "./native";

/**
 * A tensor of its own numbers, and whether the array they came in is free: native TensorFlow shares an array that
 * happens to be aligned, others keep it.
 */
export function uploaded(values: Float32Array, shape: number[]): { tensor: tf.Tensor; free: boolean } {
  const tensor = tf.tensor(values, shape);
  const native = nativeBackend();
  if (!native) return { tensor, free: tf.getBackend() === "wasm" };
  const copy = deepCopy(native, tensor);
  tensor.dispose();
  return { tensor: copy, free: true };
}

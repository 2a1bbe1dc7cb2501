/** How much the engine can hold. */
import { totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs";
import { nativeBackend } from "./native";

/**
 * Bytes that so many processes on this engine can hold: the machine's (or container's), and of WebAssembly at most 4
 * GiB each; Infinity for a GPU, which does not say.
 */
export function engineMemory(processes = 1): number {
  if (tf.getBackend() === "webgpu" || nativeBackend()?.isUsingGpuDevice) return Infinity;
  const machine = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return tf.getBackend() === "wasm" ? Math.min(machine, processes * 2 ** 32) : machine;
}

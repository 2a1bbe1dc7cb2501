/**
 * Frozen weights in the 16 bits they were stored in. Two of them share the 32 bits of a float on the engine, with which
 * nothing computes. They are widened where they are used, exactly, and what was widened is freed at once: for the way
 * back it is widened again. So a frozen weight takes half the memory, and every number stays the same.
 */
import * as tf from "@tensorflow/tfjs";
import { widenHalves, type HalfType } from "../base/float16";
import { takeRows, withGradient } from "./kernels";
import { nativeBackend, widenBits } from "./native";
import { uploaded } from "./upload";

/** What is packed. A clone of it is not: frozen weights are not saved for a gradient, but still there. */
const packed = new WeakMap<tf.Tensor, HalfType>();

/** Whether this engine can widen what is packed: it must give back bits at once. */
export function holdsHalves(): boolean {
  return tf.getBackend() !== "webgpu";
}

/**
 * Bits of a matrix [out, in], two to a float [out * in / 2], onto the engine as [out, in / 2]; `in` is even. Returns as
 * `uploaded`.
 */
export function uploadedHalves(
  pairs: Float32Array,
  [out, size]: readonly [number, number],
  type: HalfType,
): { tensor: tf.Tensor2D; free: boolean } {
  const { tensor, free } = uploaded(pairs, [out, size / 2]);
  packed.set(tensor, type);
  return { tensor: tensor as tf.Tensor2D, free };
}

/** A weight [out, in] in float32: itself, or a widened copy. */
export function widened(weight: tf.Tensor2D): tf.Tensor2D {
  const type = packed.get(weight);
  return type ? widen(weight, type) : weight;
}

/** Rows of a weight [R, D] by int32 index [N] -> [N, D], without a gradient. */
export function widenedRows(weight: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  const rows = tf.gather(weight, indices);
  const type = packed.get(weight);
  return type ? widen(rows, type) : rows;
}

/** Rows of a weight by int32 index, as it is: packed, or with a gradient. */
export function weightRows(weight: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  const type = packed.get(weight);
  if (!type) return takeRows(weight, indices);
  const rows = tf.gather(weight, indices);
  packed.set(rows, type);
  return rows;
}

/** x [N, in] W^T of a weight W [out, in]; one that is packed has no gradient and is not kept in float32. */
export function timesWeight(x: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  return packed.has(weight) ? timesFrozen(x, () => widened(weight)) : tf.matMul(x, weight, false, true);
}

/** x [N, in] W^T of a frozen W [out, in] that is made when it is needed, again on the way back, rather than kept. */
export function timesFrozen(x: tf.Tensor2D, make: () => tf.Tensor2D): tf.Tensor2D {
  return withGradient([x], ([x]) => ({
    value: tf.matMul(x, make(), false, true),
    gradient: (dy) => [tf.matMul(dy, make())],
  }));
}

/** Whether a weight is packed. */
export function isHalf(weight: tf.Tensor): boolean {
  return packed.has(weight);
}

function widen(pairs: tf.Tensor2D, type: HalfType): tf.Tensor2D {
  const [rows, half] = pairs.shape;
  const native = nativeBackend();
  if (native) return tf.reshape(widenBits(native, pairs, type), [rows, 2 * half]);
  const { buffer, byteOffset, length } = pairs.dataSync<"float32">();
  const wide = new Float32Array(2 * length);
  widenHalves(new Uint16Array(buffer, byteOffset, 2 * length), type, wide);
  return tf.tensor2d(wide, [rows, 2 * half]);
}

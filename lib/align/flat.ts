/**
 * All weights of a policy as one vector [P], so that clipping, decay and moments are a few kernels instead of a few
 * hundred.
 */
import * as tf from "@tensorflow/tfjs";
import type { Params } from "../model/params";
import type { HostTensor } from "../model/safetensors/safetensors";

/** Order, shapes and sizes of the parts of the vector. */
export interface FlatLayout {
  names: string[];
  shapes: number[][];
  sizes: number[];
}

/** The layout of a set of weights: their own order. */
export function flatLayout(params: Params): FlatLayout {
  const names = Object.keys(params);
  return { names, shapes: names.map((n) => params[n]!.shape.slice()), sizes: names.map((n) => params[n]!.size) };
}

/** Weights (or gradients) in layout order -> [P]. */
export function flatten(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.tidy(() => tf.concat(tensors.map((t) => tf.reshape(t, [-1])))) as tf.Tensor1D;
}

/** [P] -> weights by name (copies). */
export function unflatten(flat: tf.Tensor1D, { names, shapes, sizes }: FlatLayout): Params {
  return tf.tidy(() =>
    Object.fromEntries(tf.split(flat, sizes).map((part, i) => [names[i]!, tf.reshape(part, shapes[i]!)])),
  );
}

/** [P] off the engine -> weights by name (views). */
export function unflattenHost(flat: Float32Array, { names, shapes, sizes }: FlatLayout): Map<string, HostTensor> {
  let start = 0;
  return new Map(
    names.map((name, i) => [name, { shape: shapes[i]!, data: flat.subarray(start, (start += sizes[i]!)) }]),
  );
}

/** A scalar function of the weights at [P], and its gradient [P]; both are the caller's. */
export function valueAndGradient(
  flat: tf.Tensor1D,
  layout: FlatLayout,
  objective: (params: Params) => tf.Scalar,
): { value: tf.Scalar; gradient: tf.Tensor1D } {
  return tf.tidy(() => {
    const params = unflatten(flat, layout);
    const named = (tensors: tf.Tensor[]): Params => Object.fromEntries(tensors.map((t, i) => [layout.names[i]!, t]));
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => objective(named(tensors)))(
      layout.names.map((n) => params[n]!),
    );
    return { value, gradient: flatten(grads) };
  });
}

/**
 * One layer: the order of its operations, written once for both that run it. The forward pass gives operations with
 * gradients (`transformer.ts`), decoding arranged weights and a cache (`decode.ts`). N tokens, D hidden size, F
 * feed-forward, H heads over K key-value heads of size h.
 */
import * as tf from "@tensorflow/tfjs";
import type { LinearPart, NormPart } from "./family/family";

/** Operations on the tensors of one layer. */
export interface LayerOperations {
  /** x [N, D] divided by its root mean square, times a weight [D] */
  norm: (part: NormPart, x: tf.Tensor2D) => tf.Tensor2D;
  /** x [N, in] -> [N, out] */
  project: (part: Exclude<LinearPart, "query" | "key">, x: tf.Tensor2D) => tf.Tensor2D;
  /** h [N, D] -> [N, (H+K)*h]: queries, scaled by 1/sqrt(h), then keys */
  queriesAndKeys: (h: tf.Tensor2D) => tf.Tensor2D;
  /** causal attention [N, H*h] of rotated queries and keys [N, (H+K)*h] over values [N, K*h] */
  attend: (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D) => tf.Tensor2D;
  /** silu(gate) * up, all [N, F] */
  swiglu: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
}

/** x [N, D] through a layer. */
export function block(x: tf.Tensor2D, { norm, project, queriesAndKeys, attend, swiglu }: LayerOperations): tf.Tensor2D {
  const h = norm("attentionNorm", x);
  const attended = tf.add<tf.Tensor2D>(x, project("output", attend(queriesAndKeys(h), project("value", h))));
  const m = norm("mlpNorm", attended);
  return tf.add<tf.Tensor2D>(attended, project("down", swiglu(project("gate", m), project("up", m))));
}

/**
 * One layer: the order of its operations, written once for both that run it. The forward pass gives operations with
 * gradients (`transformer.ts`), decoding arranged weights and a cache (`decode.ts`). N tokens, D hidden size, F
 * feed-forward, H heads over K key-value heads of size h.
 */
import * as tf from "@tensorflow/tfjs";
import { geluTanh, silu, type Gate } from "../engine/kernels";
import type { TransformerConfig } from "./config";
import type { LinearPart, NormPart } from "./family/family";

/** Operations on the tensors of one layer. */
export interface LayerOperations {
  /** x [n, m] divided by its root mean square, times a weight [m] */
  norm: (part: NormPart, x: tf.Tensor2D) => tf.Tensor2D;
  /** x [N, in] -> [N, out] */
  project: (part: Exclude<LinearPart, "query" | "key">, x: tf.Tensor2D) => tf.Tensor2D;
  /** h [N, D] -> [N, (H+K)*h]: queries, scaled unless a norm of theirs does it, then keys */
  queriesAndKeys: (h: tf.Tensor2D) => tf.Tensor2D;
  /** causal attention [N, H*h] of rotated queries and keys [N, (H+K)*h] over values [N, K*h] */
  attend: (queriesAndKeys: tf.Tensor2D, values: tf.Tensor2D) => tf.Tensor2D;
  /** activation(gate) * up, all [N, F] */
  gated: (gate: tf.Tensor2D, up: tf.Tensor2D) => tf.Tensor2D;
}

/** What gates the feed-forward part. */
export function gateOf({ activation }: TransformerConfig): Gate {
  return activation === "gelu_tanh" ? geluTanh : silu;
}

/** x [N, D] through a layer. */
export function block(config: TransformerConfig, x: tf.Tensor2D, operations: LayerOperations): tf.Tensor2D {
  const { norm, project, queriesAndKeys, attend, gated } = operations;
  const before = (part: NormPart, x: tf.Tensor2D) => (config.norms === "after" ? x : norm(part, x));
  const after = (part: NormPart, x: tf.Tensor2D) => (config.norms ? norm(part, x) : x);
  const h = before("attentionNorm", x);
  const qk = config.qkNorm ? normedHeads(config, queriesAndKeys(h), norm) : queriesAndKeys(h);
  const mixed = project("output", attend(qk, project("value", h)));
  const attended = tf.add<tf.Tensor2D>(x, after("attentionOutputNorm", mixed));
  const m = before("mlpNorm", attended);
  const fed = project("down", gated(project("gate", m), project("up", m)));
  return tf.add<tf.Tensor2D>(attended, after("mlpOutputNorm", fed));
}

/** Queries and keys [N, (H+K)*h], normed. */
function normedHeads(
  { heads, kvHeads, headDim, qkNorm }: TransformerConfig,
  queriesAndKeys: tf.Tensor2D,
  norm: LayerOperations["norm"],
): tf.Tensor2D {
  const [queries, keys] = tf.split(queriesAndKeys, [heads * headDim, kvHeads * headDim], 1) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  if (qkNorm === "heads") return tf.concat([norm("queryNorm", queries), norm("keyNorm", keys)], 1);
  const each = (part: NormPart, x: tf.Tensor2D): tf.Tensor2D =>
    tf.reshape(norm(part, tf.reshape(x, [-1, headDim])), x.shape);
  return tf.concat([each("queryNorm", queries), each("keyNorm", keys)], 1);
}

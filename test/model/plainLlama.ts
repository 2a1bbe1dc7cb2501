// Llama as the formulas say, in plain tfjs ops: one sequence at a time, no fused kernel, no cache, gradients by autodiff. For checks.
import * as tf from "@tensorflow/tfjs";
import type { TransformerConfig } from "../../lib/model/config";
import { headName } from "../../lib/model/weights";
import { param, type Params } from "../../lib/model/params";

/** Log-probabilities [T-1, V] of what follows each token but the last. @param frequencies [headDim / 2] */
export function plainLogps(
  config: TransformerConfig,
  params: Params,
  frequencies: ArrayLike<number>,
  ids: ArrayLike<number>,
): tf.Tensor2D {
  const { layers, heads, kvHeads, headDim, rmsEps } = config,
    T = ids.length;
  const linear = (x: tf.Tensor, name: string): tf.Tensor => {
    const product = tf.matMul(x as tf.Tensor2D, tf.transpose(param<tf.Tensor2D>(params, `${name}.weight`))),
      bias = params[`${name}.bias`];
    return bias ? tf.add(product, bias) : product;
  };
  const norm = (x: tf.Tensor, name: string) =>
    tf.mul(tf.div(x, tf.sqrt(tf.add(tf.mean(tf.square(x), -1, true), rmsEps))), param(params, `${name}.weight`));
  const angles = Array.from({ length: T }, (_, t) =>
    Array.from({ length: headDim }, (_, i) => t * frequencies[i % (headDim / 2)]!),
  );
  const cos = tf.tensor2d(angles.map((row) => row.map(Math.cos))),
    sin = tf.tensor2d(angles.map((row) => row.map(Math.sin)));
  const rotate = (x: tf.Tensor): tf.Tensor2D => {
    // rotate-half
    const [a, b] = tf.split(x, 2, 1);
    return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(b!), a!], 1), sin));
  };
  const mask = tf.tensor2d(
    Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i ? -1e9 : 0))),
  );
  const head = (x: tf.Tensor, i: number) => tf.slice(x, [0, i * headDim], [T, headDim]) as tf.Tensor2D;

  let x: tf.Tensor = tf.gather(param(params, "model.embed_tokens.weight"), tf.tensor1d(Array.from(ids), "int32"));
  for (let i = 0; i < layers; i++) {
    const layer = `model.layers.${i}`;
    const h = norm(x, `${layer}.input_layernorm`);
    const [q, k, v] = ["q", "k", "v"].map((name) => linear(h, `${layer}.self_attn.${name}_proj`)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const attended = Array.from({ length: heads }, (_, n) => {
      const group = Math.floor(n / (heads / kvHeads));
      const scores = tf.div(tf.matMul(rotate(head(q, n)), rotate(head(k, group)), false, true), Math.sqrt(headDim));
      return tf.matMul(tf.softmax(tf.add(scores, mask)), head(v, group));
    });
    x = tf.add(x, linear(tf.concat(attended, 1), `${layer}.self_attn.o_proj`));
    const m = norm(x, `${layer}.post_attention_layernorm`),
      gate = linear(m, `${layer}.mlp.gate_proj`);
    x = tf.add(
      x,
      linear(tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(m, `${layer}.mlp.up_proj`)), `${layer}.mlp.down_proj`),
    );
  }
  const logits = tf.matMul(
    norm(x, "model.norm") as tf.Tensor2D,
    tf.transpose(param<tf.Tensor2D>(params, headName(config))),
  );
  return tf.slice(tf.logSoftmax(logits), [0, 0], [T - 1, -1]) as tf.Tensor2D;
}

/**
 * AdamW over one flat vector, as torch.optim.AdamW computes it (decoupled decay, eps outside the bias-corrected root).
 * The state is a value: `adamwUpdate` returns new weights and a new state, and disposes nothing it was given.
 */
import * as tf from "@tensorflow/tfjs";

/** First and second moments [P] and the number of steps taken. */
export interface AdamWState {
  m: tf.Tensor1D;
  v: tf.Tensor1D;
  step: number;
}

export interface AdamWOptions {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
}

/** Zero moments for `size` parameters. */
export function adamwInit(size: number): AdamWState {
  return { m: tf.zeros([size]), v: tf.zeros([size]), step: 0 };
}

/** One step: weights [P], gradient [P] -> new weights and state. */
export function adamwUpdate(
  weights: tf.Tensor1D,
  gradient: tf.Tensor1D,
  state: AdamWState,
  options: AdamWOptions,
): { weights: tf.Tensor1D; state: AdamWState } {
  const [beta1, beta2] = options.betas;
  const step = state.step + 1;
  // a tidy for each, so that of what leads to one vector nothing is left when the next is made
  const m = tf.tidy(() => tf.add<tf.Tensor1D>(tf.mul(state.m, beta1), tf.mul(gradient, 1 - beta1)));
  const v = tf.tidy(() => tf.add<tf.Tensor1D>(tf.mul(state.v, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
  const w = tf.tidy(() => {
    const denominator = tf.tidy(() => tf.add(tf.mul(tf.sqrt(v), 1 / Math.sqrt(1 - beta2 ** step)), options.eps));
    const decayed = options.weightDecay === 0 ? weights : tf.mul(weights, 1 - options.lr * options.weightDecay);
    const change = tf.tidy(() => tf.mul(tf.div(m, denominator), options.lr / (1 - beta1 ** step)));
    return tf.sub<tf.Tensor1D>(decayed, change);
  });
  return { weights: w, state: { m, v, step } };
}

const rowLength = 1024;

/** Scales a gradient [P] down to global norm `max` (torch.nn.utils.clip_grad_norm_); returns the norm before. */
export async function clipGradient(
  gradient: tf.Tensor1D,
  max: number,
): Promise<{ clipped: tf.Tensor1D; norm: number }> {
  const square = tf.tidy(() => {
    // in rows, then over rows: wasm adds one by one, which loses digits over a million terms
    const padding = (rowLength - (gradient.size % rowLength)) % rowLength;
    return tf.sum(tf.sum(tf.reshape(tf.pad(tf.square(gradient), [[0, padding]]), [-1, rowLength]), 1));
  });
  const norm = Math.sqrt((await square.data())[0]!);
  square.dispose();
  const factor = Math.min(1, max / (norm + 1e-6));
  return { clipped: tf.mul(gradient, factor), norm };
}

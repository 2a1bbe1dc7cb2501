/**
 * AdamW over one flat vector, as torch.optim.AdamW computes it (decoupled decay, eps outside the bias-corrected root).
 * It works piece by piece: what leads to one piece is memory that the next one uses again. Of vectors as long as all
 * weights the system would map and clear each anew, which for 135M weights took longer than all of the arithmetic.
 */
import * as tf from "@tensorflow/tfjs";
import { sum } from "../base/collections";

/** Numbers of a piece: a model of a million weights is one. */
export const pieceLength = 1 << 21;

/** First and second moments [P] in pieces, and the number of steps taken. */
export interface AdamWState {
  m: tf.Tensor1D[];
  v: tf.Tensor1D[];
  step: number;
}

export interface AdamWOptions {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  /** what the gradient is multiplied by first (`clipFactor`) */
  factor?: number;
}

/** Where the pieces of a vector begin. */
const pieceStarts = (size: number): number[] =>
  Array.from({ length: Math.ceil(size / pieceLength) }, (_, i) => i * pieceLength);

/** The piece of a vector [P] from `start` on. */
const pieceOf = (vector: tf.Tensor1D, start: number): tf.Tensor1D =>
  vector.size <= pieceLength ? tf.clone(vector) : tf.slice(vector, start, Math.min(pieceLength, vector.size - start));

/** Zero moments for `size` parameters. */
export function adamwInit(size: number): AdamWState {
  const zeros = () => pieceStarts(size).map((start) => tf.zeros<tf.Rank.R1>([Math.min(pieceLength, size - start)]));
  return { m: zeros(), v: zeros(), step: 0 };
}

/** State after `step` steps from moments [P] off the engine. */
export function adamwFrom(m: Float32Array, v: Float32Array, step: number): AdamWState {
  const pieces = (data: Float32Array) =>
    pieceStarts(data.length).map((start) => tf.tensor1d(data.subarray(start, start + pieceLength)));
  return { m: pieces(m), v: pieces(v), step };
}

/** Moments [P] off the engine. */
export async function downloadMoments({ m, v }: AdamWState): Promise<Record<"m" | "v", Float32Array>> {
  const whole = async (pieces: readonly tf.Tensor1D[]) => {
    const data = new Float32Array(sum(pieces.map(({ size }) => size)));
    for (const [i, piece] of pieces.entries()) data.set(await piece.data<"float32">(), i * pieceLength);
    return data;
  };
  return { m: await whole(m), v: await whole(v) };
}

/** One step: weights [P], gradient [P] -> new weights and state. The old moments are disposed, nothing else. */
export function adamwUpdate(
  weights: tf.Tensor1D,
  gradient: tf.Tensor1D,
  state: AdamWState,
  options: AdamWOptions,
): { weights: tf.Tensor1D; state: AdamWState } {
  const next: AdamWState = { m: [], v: [], step: state.step + 1 };
  const pieces = pieceStarts(weights.size).map((start, i) => {
    const old = { m: state.m[i]!, v: state.v[i]! };
    const { w, m, v } = tf.tidy(() =>
      updatedPiece(pieceOf(weights, start), pieceOf(gradient, start), { ...old, step: next.step }, options),
    );
    tf.dispose(old);
    next.m.push(m);
    next.v.push(v);
    return w;
  });
  if (pieces.length === 1) return { weights: pieces[0]!, state: next };
  const joined = tf.concat(pieces);
  tf.dispose(pieces);
  return { weights: joined, state: next };
}

function updatedPiece(
  weights: tf.Tensor1D,
  gradient: tf.Tensor1D,
  state: { m: tf.Tensor1D; v: tf.Tensor1D; step: number },
  { lr, betas: [beta1, beta2], eps, weightDecay, factor = 1 }: AdamWOptions,
): Record<"w" | "m" | "v", tf.Tensor1D> {
  const clipped = factor === 1 ? gradient : tf.mul<tf.Tensor1D>(gradient, factor);
  // a tidy for each, so that of what leads to one nothing is left when the next is made
  const m = tf.tidy(() => tf.add<tf.Tensor1D>(tf.mul(state.m, beta1), tf.mul(clipped, 1 - beta1)));
  const v = tf.tidy(() => tf.add<tf.Tensor1D>(tf.mul(state.v, beta2), tf.mul(tf.square(clipped), 1 - beta2)));
  const w = tf.tidy(() => {
    const denominator = tf.tidy(() => tf.add(tf.mul(tf.sqrt(v), 1 / Math.sqrt(1 - beta2 ** state.step)), eps));
    const decayed = weightDecay === 0 ? weights : tf.mul(weights, 1 - lr * weightDecay);
    const change = tf.tidy(() => tf.mul(tf.div(m, denominator), lr / (1 - beta1 ** state.step)));
    return tf.sub<tf.Tensor1D>(decayed, change);
  });
  return { w, m, v };
}

const rowLength = 1024;

/** Global norm of a gradient [P], as torch.nn.utils.clip_grad_norm_ returns it. */
export async function gradientNorm(gradient: tf.Tensor1D): Promise<number> {
  const square = tf.tidy(() => {
    // in rows, then over rows: wasm adds one by one, which loses digits over a million terms
    const rows = pieceStarts(gradient.size).map((start) =>
      tf.tidy(() => {
        const piece = pieceOf(gradient, start);
        const padding = (rowLength - (piece.size % rowLength)) % rowLength;
        return tf.sum<tf.Tensor1D>(tf.reshape(tf.pad(tf.square(piece), [[0, padding]]), [-1, rowLength]), 1);
      }),
    );
    return tf.sum(tf.concat(rows));
  });
  const norm = Math.sqrt((await square.data())[0]!);
  square.dispose();
  return norm;
}

/** What scales a gradient of this norm down to `max` (torch.nn.utils.clip_grad_norm_). */
export function clipFactor(norm: number, max: number): number {
  return Math.min(1, max / (norm + 1e-6));
}

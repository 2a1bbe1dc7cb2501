/**
 * Rotary embedding and causal attention in one block with its gradient written by hand.
 * B rows, T positions, H query heads in groups of G = H / K over K key-value heads, h = head size.
 *
 * On the native engine a rotation is one complex multiply. It wants each pair side by side, so the query and key
 * projections are read with their output rows permuted (`pairedRows`); the dot product does not see the order.
 */
import * as tf from "@tensorflow/tfjs";
import { complexRotate, nativeBackend } from "./native";
import { withGradient } from "./kernels";

/** cos/sin of position x frequency, for T positions; dispose when done. */
export interface RopeTable {
  /** queries carry the 1/sqrt(h) of attention; `back` rotates gradients the other way */
  query: Rotation;
  key: Rotation;
  dispose(): void;
}
interface Rotation { forward(x: tf.Tensor4D): tf.Tensor4D; back(x: tf.Tensor4D): tf.Tensor4D }

/** Rows 0, h/2, 1, h/2+1, … of each head: rotate-half order to pairs side by side; undefined where the engine needs no permutation. */
export function pairedRows(heads: number, headDim: number): Int32Array | undefined {
  if (!nativeBackend()) return undefined;
  return Int32Array.from({ length: heads * headDim }, (_, i) => {
    const j = i % headDim;
    return i - j + (j >> 1) + (j & 1) * (headDim / 2);
  });
}

/** @param inverseFrequencies [h/2] @param start first position */
export function ropeTable(inverseFrequencies: Float32Array, length: number, start = 0): RopeTable {
  const half = inverseFrequencies.length;
  const angles = Array.from({ length: length * half }, (_, i) => (start + Math.floor(i / half)) * inverseFrequencies[i % half]!);
  const cos = tf.tensor(angles.map(Math.cos), [length, half]);
  const sin = tf.tensor(angles.map(Math.sin), [length, half]);
  const owned: tf.Tensor[] = [];
  const keep = <T extends tf.Tensor>(t: T): T => { owned.push(tf.keep(t)); return t; }; // tables outlive the tidy they are made in
  keep(cos);
  keep(sin);
  const rotation = (scale: number): Rotation => {
    const c = keep(tf.mul(cos, scale)), s = keep(tf.mul(sin, scale)), n = keep(tf.neg(s));
    const backend = nativeBackend();
    if (backend) {
      const forward = keep(tf.complex(c, s)), back = keep(tf.complex(c, n));
      return { forward: (x) => complexRotate(backend, x, forward) as tf.Tensor4D, back: (x) => complexRotate(backend, x, back) as tf.Tensor4D };
    }
    const c2 = keep(tf.concat([c, c], 1)), s2 = keep(tf.concat([n, s], 1)), b2 = keep(tf.concat([s, n], 1));
    const halves = (x: tf.Tensor4D, s2: tf.Tensor) => { // rotate-half: (a, b) -> (a cos - b sin, b cos + a sin)
      const [a, b] = tf.split(x, 2, -1);
      return tf.add(tf.mul(x, c2), tf.mul(tf.concat([b!, a!], -1), s2)) as tf.Tensor4D;
    };
    return { forward: (x) => halves(x, s2), back: (x) => halves(x, b2) };
  };
  return { query: rotation(1 / Math.sqrt(2 * half)), key: rotation(1), dispose: () => tf.dispose(owned) };
}

/** 0 on and below the diagonal, -1e9 above: [T, T]. */
export function causalMask(length: number): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)), [length, length]);
}

/**
 * Causal attention. q [B*T, H*h], k and v [B*T, K*h] -> [B*T, H*h].
 * Padding must stand on the right, where no real token can see it.
 */
export function ropeAttention(q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D, shape: { rows: number; heads: number; kvHeads: number }, table: RopeTable, mask: tf.Tensor2D): tf.Tensor2D {
  const { rows: B, heads: H, kvHeads: K } = shape;
  const T = q.shape[0] / B, h = q.shape[1] / H, G = H / K;
  const split = (x: tf.Tensor2D, n: number) => tf.transpose(tf.reshape(x, [B, T, n, h]), [0, 2, 1, 3]) as tf.Tensor4D; // [B, n, T, h]
  const merge = (x: tf.Tensor, n: number) => tf.reshape(tf.transpose(tf.reshape(x, [B, n, T, h]), [0, 2, 1, 3]), [B * T, n * h]) as tf.Tensor2D;
  const group = (x: tf.Tensor4D) => tf.reshape(x, [B, K, G * T, h]) as tf.Tensor4D; // the G queries of a key-value head share one matmul
  return withGradient([q, k, v], ([q, k, v], save) => {
    const qr = group(table.query.forward(split(q, H))), kr = table.key.forward(split(k, K)), vs = split(v, K);
    const scores = tf.reshape(tf.matMul(qr, kr, false, true), [B * K, G, T, T]);
    const weights = tf.reshape(tf.softmax(tf.add(scores, mask)), [B, K, G * T, T]) as tf.Tensor4D;
    const out = tf.matMul(weights, vs) as tf.Tensor4D; // [B, K, G*T, h]
    save([qr, kr, vs, weights, out]);
    return {
      value: merge(out, H),
      gradient: (dy, [qr, kr, vs, weights, out]) => {
        const dOut = group(split(dy, H));
        const dWeights = tf.matMul(dOut, vs as tf.Tensor4D, false, true);
        const dScores = tf.mul(weights!, tf.sub(dWeights, tf.sum(tf.mul(dOut, out!), -1, true))) as tf.Tensor4D;
        const dq = table.query.back(tf.reshape(tf.matMul(dScores, kr as tf.Tensor4D), [B, H, T, h]) as tf.Tensor4D);
        const dk = table.key.back(tf.matMul(dScores, qr as tf.Tensor4D, true, false) as tf.Tensor4D);
        return [merge(dq, H), merge(dk, K), merge(tf.matMul(weights as tf.Tensor4D, dOut, true, false), K)];
      },
    };
  });
}

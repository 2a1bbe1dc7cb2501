/**
 * Rotary embedding and causal attention in one block with its gradient written by hand.
 * N tokens, B rows of T positions in a group, H query heads in groups of G = H / K over K key-value heads, h = head
 * size.
 *
 * On the native engine a rotation is one complex multiply. It wants each pair side by side, so the query and key
 * projections are read with their output rows permuted (`pairedRows`); the dot product does not see the order.
 */
import * as tf from "@tensorflow/tfjs";
import { complexRotate, nativeBackend } from "./native";
import { withGradient } from "./kernels";

/** Angles of positions: cosines and sines [..., h/2]. */
export interface Angles {
  cos: tf.Tensor;
  sin: tf.Tensor;
}

/**
 * Rows 0, h/2, 1, h/2+1, … of each head: rotate-half order to pairs side by side; undefined where the engine needs no
 * permutation.
 */
export function pairedRows(heads: number, headDim: number): Int32Array | undefined {
  if (!nativeBackend()) return undefined;
  return Int32Array.from({ length: heads * headDim }, (_, i) => {
    const j = i % headDim;
    return i - j + (j >> 1) + (j & 1) * (headDim / 2);
  });
}

/** Angles by position: a table that grows when a later position is asked for; dispose when done. */
export class AngleTable {
  private table: { cos: tf.Tensor2D; sin: tf.Tensor2D } | undefined;

  /** @param inverseFrequencies [h/2] */
  constructor(private readonly inverseFrequencies: Float32Array) {}

  /** Angles [N, h/2] of positions [N] below `end`. */
  at(positions: tf.Tensor1D, end: number): Angles {
    const { cos, sin } = this.upTo(end);
    return { cos: tf.gather(cos, positions), sin: tf.gather(sin, positions) };
  }

  /** Angles [length, h/2] of the positions from `start` on. */
  range(start: number, length: number): Angles {
    const { cos, sin } = this.upTo(start + length);
    return { cos: tf.slice(cos, start, length), sin: tf.slice(sin, start, length) };
  }

  dispose(): void {
    if (this.table) tf.dispose([this.table.cos, this.table.sin]);
    this.table = undefined;
  }

  private upTo(end: number): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
    if (this.table && this.table.cos.shape[0] >= end) return this.table;
    this.dispose();
    const half = this.inverseFrequencies.length;
    const length = Math.ceil(end / 64) * 64;
    const angles = Array.from(
      { length: length * half },
      (_, i) => Math.floor(i / half) * this.inverseFrequencies[i % half]!,
    );
    return (this.table = {
      cos: tf.keep(tf.tensor2d(angles.map(Math.cos), [length, half])),
      sin: tf.keep(tf.tensor2d(angles.map(Math.sin), [length, half])),
    });
  }
}

/** A rotation of x [..., h] by angles that broadcast to [..., h/2]; forward turns by them, -1 back. */
export function rotation({ cos, sin }: Angles, direction: 1 | -1 = 1): <T extends tf.Tensor>(x: T) => T {
  const turned = direction === 1 ? sin : tf.neg(sin);
  const backend = nativeBackend();
  if (backend) {
    const factor = tf.complex(cos, turned);
    return <T extends tf.Tensor>(x: T) => complexRotate(backend, x, factor) as T;
  }
  const cos2 = tf.concat([cos, cos], -1);
  const sin2 = tf.concat([tf.neg(turned), turned], -1);
  return <T extends tf.Tensor>(x: T) => {
    // rotate-half: (a, b) -> (a cos - b sin, b cos + a sin)
    const [a, b] = tf.split(x, 2, -1);
    return tf.add(tf.mul(x, cos2), tf.mul(tf.concat([b!, a!], -1), sin2));
  };
}

/** 0 on and below the diagonal, -1e9 above: [T, T]. */
export function causalMask(length: number): tf.Tensor2D {
  return tf.tensor2d(
    Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? -1e9 : 0)),
    [length, length],
  );
}

/**
 * Softmax of scores [B, K, G*T, S] of T positions over S: what each gives to what it sees. Without a gradient.
 * @param mask broadcasts to [B, H, T, S] and is added to the scores
 */
export function attentionWeights(scores: tf.Tensor4D, mask: tf.Tensor | undefined, positions: number): tf.Tensor4D {
  if (!mask) return tf.softmax(scores);
  const [B, K, rows, S] = scores.shape;
  const byPosition = tf.reshape(scores, [B, (K * rows) / positions, positions, S]);
  return tf.softmax(tf.reshape(tf.add(byPosition, mask), [B, K, rows, S]));
}

/** Where the rows of attention lie among the tokens (`model/packing.ts`); S slots in all. */
export interface AttentionRows {
  /** `mask` [length, length] is added to the scores */
  groups: readonly { rows: number; length: number; mask: tf.Tensor2D }[];
  /** [S] token of each slot */
  slots: tf.Tensor1D;
  /** [N] one slot of each token */
  slotOf: tf.Tensor1D;
  /** [S] the token whose slot this is, N for slots that are no token's own */
  owners: tf.Tensor1D;
}

/**
 * Causal attention of N tokens. qk [N, (H+K)*h]: queries, scaled by 1/sqrt(h), then keys; v [N, K*h] -> [N, H*h].
 * @param angles [N, 1, h/2]
 */
export function ropeAttention(
  qk: tf.Tensor2D,
  v: tf.Tensor2D,
  { heads: H, kvHeads: K }: { heads: number; kvHeads: number },
  angles: Angles,
  { groups, slots, slotOf, owners }: AttentionRows,
): tf.Tensor2D {
  const N = v.shape[0];
  const h = v.shape[1] / K;
  const G = H / K;
  const sizes = groups.map(({ rows, length }) => rows * length);
  const byGroup = (x: tf.Tensor2D): tf.Tensor2D[] => (groups.length === 1 ? [x] : tf.split(x, sizes));
  const joined = (parts: tf.Tensor2D[]): tf.Tensor2D => (parts.length === 1 ? parts[0]! : tf.concat(parts, 0));
  return withGradient([qk, v], ([qk, v], save) => {
    const rotated = rotation(angles)(tf.reshape(qk, [N, H + K, h]));
    const qks = byGroup(tf.gather(tf.reshape(rotated, [N, (H + K) * h]), slots));
    const vs = byGroup(tf.gather(v, slots));
    const saved: tf.Tensor[] = [];
    const outs = groups.map(({ rows: B, length: T, mask }, g) => {
      const [q0, k] = tf.split(byHead(qks[g]!, B, H + K), [H, K], 1) as [tf.Tensor4D, tf.Tensor4D];
      const q = tf.reshape(q0, [B, K, G * T, h]) as tf.Tensor4D; // the G queries of a key-value head share one matmul
      const v = byHead(vs[g]!, B, K);
      const weights = attentionWeights(tf.matMul(q, k, false, true), mask, T);
      const out = tf.matMul(weights, v);
      saved.push(q, k, v, weights, out);
      return byPosition(tf.reshape(out, [B, H, T, h]) as tf.Tensor4D);
    });
    save([slots, owners, angles.cos, angles.sin, ...saved]);
    return {
      value: tf.gather(joined(outs), slotOf),
      gradient: (dy, [slots, owners, cos, sin, ...saved]) => {
        const dOuts = byGroup(
          tf.gather(
            tf.pad(dy, [
              [0, 1],
              [0, 0],
            ]),
            owners as tf.Tensor1D,
          ),
        ); // nothing comes from slots that are no token's own
        const parts = groups.map(({ rows: B, length: T }, g) => {
          const [q, k, v, weights, out] = saved.slice(5 * g, 5 * g + 5) as [
            tf.Tensor4D,
            tf.Tensor4D,
            tf.Tensor4D,
            tf.Tensor4D,
            tf.Tensor4D,
          ];
          const dOut = tf.reshape(byHead(dOuts[g]!, B, H), [B, K, G * T, h]) as tf.Tensor4D;
          const dScores = tf.mul(weights, tf.sub(tf.matMul(dOut, v, false, true), tf.sum(tf.mul(dOut, out), -1, true)));
          const dq = tf.reshape(tf.matMul(dScores, k), [B, H, T, h]) as tf.Tensor4D;
          return {
            dqk: byPosition(tf.concat([dq, tf.matMul<tf.Tensor4D>(dScores, q, true, false)], 1)),
            dv: byPosition(tf.matMul(weights, dOut, true, false)),
          };
        });
        const ofTokens = (x: tf.Tensor2D) => tf.unsortedSegmentSum(x, slots as tf.Tensor1D, N);
        const dqk = tf.reshape(ofTokens(joined(parts.map(({ dqk }) => dqk))), [N, H + K, h]);
        return [
          tf.reshape(rotation({ cos: cos!, sin: sin! }, -1)(dqk), [N, (H + K) * h]),
          ofTokens(joined(parts.map(({ dv }) => dv))),
        ];
      },
    };
  });
}

/** [B*T, n*h] -> [B, n, T, h] */
function byHead(x: tf.Tensor2D, rows: number, heads: number): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [rows, x.shape[0] / rows, heads, x.shape[1] / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [B, n, T, h] -> [B*T, n*h] */
function byPosition(x: tf.Tensor4D): tf.Tensor2D {
  const [B, n, T, h] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * T, n * h]) as tf.Tensor2D;
}

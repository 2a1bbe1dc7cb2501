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

  /** @param inverseFrequencies [h/2] @param factor what cosines and sines are multiplied by */
  constructor(
    private readonly inverseFrequencies: Float32Array,
    private readonly factor = 1,
  ) {}

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
    const table = (f: (angle: number) => number) =>
      tf.keep(
        tf.tensor2d(
          angles.map((angle) => this.factor * f(angle)),
          [length, half],
        ),
      );
    return (this.table = { cos: table(Math.cos), sin: table(Math.sin) });
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

/**
 * Of the last T of S positions, 0 for what each sees and -1e9 for the others: [T, S]. It sees the latest `window`
 * positions up to itself.
 */
export function causalMask(length: number, window = Infinity, positions = length): tf.Tensor2D {
  const earlier = positions - length;
  const mask = Float32Array.from({ length: length * positions }, (_, i) => {
    const back = earlier + Math.floor(i / positions) - (i % positions);
    return back < 0 || back >= window ? -1e9 : 0;
  });
  return tf.tensor2d(mask, [length, positions]);
}

/** cap * tanh(x / cap), below which values stay. */
export function softCapped<T extends tf.Tensor>(x: T, cap: number): T {
  return tf.tidy(() =>
    tf.mul(
      tf.tidy(() => tf.tanh(tf.div(x, cap))),
      cap,
    ),
  );
}

/** Slope of `softCapped` in x, from what it gave: 1 - tanh^2. */
export function softCappedSlope<T extends tf.Tensor>(capped: T, cap: number): T {
  return tf.tidy(() =>
    tf.sub(
      1,
      tf.tidy(() => tf.square(tf.div(capped, cap))),
    ),
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
 * Causal attention of N tokens. qk [N, (H+K)*h]: queries, scaled, then keys; v [N, K*h] -> [N, H*h].
 * @param angles [N, 1, h/2]; none where nothing is rotated
 */
export function ropeAttention(
  qk: tf.Tensor2D,
  v: tf.Tensor2D,
  { heads: H, kvHeads: K, attentionCap: cap }: { heads: number; kvHeads: number; attentionCap?: number },
  angles: Angles | undefined,
  { groups, slots, slotOf, owners }: AttentionRows,
): tf.Tensor2D {
  const N = v.shape[0];
  const h = v.shape[1] / K;
  const G = H / K;
  const sizes = groups.map(({ rows, length }) => rows * length);
  const each = cap ? 6 : 5; // tensors that a group keeps
  const byGroup = (x: tf.Tensor2D): tf.Tensor2D[] => (groups.length === 1 ? [x] : tf.split(x, sizes));
  const joined = (parts: tf.Tensor2D[]): tf.Tensor2D => (parts.length === 1 ? parts[0]! : tf.concat(parts, 0));
  return withGradient([qk, v], ([qk, v], save) => {
    const rotated: tf.Tensor2D = angles
      ? tf.reshape(rotation(angles)(tf.reshape(qk, [N, H + K, h])), [N, (H + K) * h])
      : qk;
    const qks = byGroup(tf.gather(rotated, slots));
    const vs = byGroup(tf.gather(v, slots));
    const saved: tf.Tensor[] = [];
    const outs = groups.map(({ rows: B, length: T, mask }, g) => {
      const [q0, k] = tf.split(byHead(qks[g]!, B, H + K), [H, K], 1) as [tf.Tensor4D, tf.Tensor4D];
      const q = tf.reshape(q0, [B, K, G * T, h]) as tf.Tensor4D; // the G queries of a key-value head share one matmul
      const v = byHead(vs[g]!, B, K);
      const scores = tf.matMul<tf.Tensor4D>(q, k, false, true);
      const capped = cap ? softCapped(scores, cap) : scores;
      const weights = attentionWeights(capped, mask, T);
      const out = tf.matMul(weights, v);
      saved.push(q, k, v, weights, out, ...(cap ? [capped] : []));
      return byPosition(tf.reshape(out, [B, H, T, h]) as tf.Tensor4D);
    });
    save([slots, owners, ...(angles ? [angles.cos, angles.sin] : []), ...saved]);
    return {
      value: tf.gather(joined(outs), slotOf),
      gradient: (dy, [slots, owners, ...kept]) => {
        const [cos, sin] = angles ? kept.splice(0, 2) : [];
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
          const [q, k, v, weights, out, capped] = kept.slice(each * g, each * (g + 1)) as Kept;
          const dOut = tf.reshape(byHead(dOuts[g]!, B, H), [B, K, G * T, h]) as tf.Tensor4D;
          const dCapped = tf.mul(weights, tf.sub(tf.matMul(dOut, v, false, true), tf.sum(tf.mul(dOut, out), -1, true)));
          // d cap tanh(s / cap) / ds = 1 - tanh^2
          const dScores = capped ? tf.mul(dCapped, softCappedSlope(capped, cap!)) : dCapped;
          const dq = tf.reshape(tf.matMul(dScores, k), [B, H, T, h]) as tf.Tensor4D;
          return {
            dqk: byPosition(tf.concat([dq, tf.matMul<tf.Tensor4D>(dScores, q, true, false)], 1)),
            dv: byPosition(tf.matMul(weights, dOut, true, false)),
          };
        });
        const ofTokens = (x: tf.Tensor2D) => tf.unsortedSegmentSum(x, slots as tf.Tensor1D, N);
        const dqk = ofTokens(joined(parts.map(({ dqk }) => dqk)));
        const back = (x: tf.Tensor2D): tf.Tensor2D =>
          tf.reshape(rotation({ cos: cos!, sin: sin! }, -1)(tf.reshape(x, [N, H + K, h])), [N, (H + K) * h]);
        return [angles ? back(dqk) : dqk, ofTokens(joined(parts.map(({ dv }) => dv)))];
      },
    };
  });
}

/** Queries, keys, values, weights and outputs of a group, and its scores where they are capped. */
type Kept = [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.Tensor4D?];

/** [B*T, n*h] -> [B, n, T, h] */
function byHead(x: tf.Tensor2D, rows: number, heads: number): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [rows, x.shape[0] / rows, heads, x.shape[1] / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [B, n, T, h] -> [B*T, n*h] */
function byPosition(x: tf.Tensor4D): tf.Tensor2D {
  const [B, n, T, h] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [B * T, n * h]) as tf.Tensor2D;
}

/** Rotary attention with its gradient, against attention spelled out token by token. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import {
  AngleTable,
  causalMask,
  pairedRows,
  ropeAttention,
  type Angles,
  type AttentionRows,
} from "../../lib/engine/attention";
import { switchEngine } from "../../lib/engine/backend";
import { onEveryBackend, relativeError } from "../backends";
import { random, compare } from "./fused";

onEveryBackend(
  "AngleTable: cosines and sines of position times frequency, also after it grew; nothing is left of it",
  () => {
    const before = tf.memory().numTensors;
    const frequencies = Float32Array.from([1, 0.3, 0.05]);
    const table = new AngleTable(frequencies);
    const check = (positions: number[], angles: Angles) =>
      (["cos", "sin"] as const).forEach((name) => {
        const expected = positions.flatMap((position) =>
          Array.from(frequencies, (frequency) => Math[name](position * frequency)),
        );
        assert.ok(relativeError(angles[name].dataSync(), expected) < 1e-6, `${name} of ${positions.join()}`);
      });
    tf.tidy(() => {
      check([0, 1, 2], table.range(0, 3));
      check([5, 0, 5], table.at(tf.tensor1d([5, 0, 5], "int32"), 6));
      check([199, 200], table.range(199, 2)); // beyond what there was
      check([3, 200, 0], table.at(tf.tensor1d([3, 200, 0], "int32"), 201));
      check([64], table.range(64, 1));
    });
    table.dispose();
    assert.equal(tf.memory().numTensors, before, "tensors leaked");
  },
);

test("causalMask: earlier positions within the window, also of the last positions of more", async () => {
  await switchEngine("wasm");
  const seen = (...args: Parameters<typeof causalMask>) =>
    tf.tidy(() =>
      causalMask(...args)
        .arraySync()
        .map((row) => row.map((x) => (x === 0 ? 1 : 0)).join("")),
    );
  assert.deepEqual(seen(3), ["100", "110", "111"]);
  assert.deepEqual(seen(4, 2), ["1000", "1100", "0110", "0011"]);
  assert.deepEqual(seen(1, 3, 5), ["00111"]);
  assert.deepEqual(seen(2, 9, 4), ["1110", "1111"]);
});

/**
 * Sequences as tokens, and how their rows are grouped; tokens that sequences share must have the same tokens before
 * them.
 */
const layouts: Record<string, { sequences: number[][]; groups: { rows: number; length: number }[] }> = {
  "rows of one length that share nothing": {
    sequences: [
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ],
    groups: [{ rows: 2, length: 5 }],
  },
  "shared beginnings, padding, three groups": {
    sequences: [[0, 1], [0], [0, 1, 2, 3], [4, 5, 6], [0, 1, 2, 7, 8, 9]],
    groups: [
      { rows: 2, length: 2 },
      { rows: 2, length: 4 },
      { rows: 1, length: 6 },
    ],
  },
};

/** What some layers of some families do otherwise. */
interface Variation {
  cap?: number;
  window?: number;
  unrotated?: true;
}
const variations: Record<string, Variation> = {
  "": {},
  ", capped scores": { cap: 0.8 },
  ", a window": { window: 2 },
  ", not rotated": { unrotated: true },
};

for (const [layout, { sequences, groups }] of Object.entries(layouts))
  for (const [kvHeads, variation] of [4, 2, 1].flatMap((n) =>
    (n === 2 ? Object.keys(variations) : [""]).map((v) => [n, v] as const),
  )) {
    onEveryBackend(`ropeAttention, 4 heads over ${kvHeads}, ${layout}${variation}`, () => {
      const { cap, window, unrotated } = variations[variation]!;
      const [N, H, K, h] = [10, 4, kvHeads, 6];
      const frequencies = Float32Array.from([1, 0.3, 0.05]);
      const inputs = [random(N, H * h), random(N, K * h), random(N, K * h)];
      const positions = Array.from({ length: N }, (_, token) =>
        sequences.find((s) => s.includes(token))!.indexOf(token),
      );
      const table = new AngleTable(frequencies);
      const angles = tf.tidy(() => {
        const { cos, sin } = table.at(tf.tensor1d(positions, "int32"), 6);
        return { cos: tf.expandDims(cos, 1), sin: tf.expandDims(sin, 1) };
      });
      const rows = attentionRows(sequences, groups, N, window);
      const order = [H, K].map((n) => {
        const paired = pairedRows(n, h);
        return paired && tf.tensor1d(paired, "int32");
      });
      const paired = (x: tf.Tensor, i: number) => (order[i] ? tf.gather(x, order[i], 1) : x) as tf.Tensor2D;
      const fused = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) =>
        ropeAttention(
          tf.concat([tf.mul(paired(q!, 0), 1 / Math.sqrt(h)), paired(k!, 1)], 1) as tf.Tensor2D,
          v as tf.Tensor2D,
          { heads: H, kvHeads: K, attentionCap: cap },
          unrotated ? undefined : angles,
          rows,
        );
      compare(
        fused,
        (q, k, v) => plainAttention(q, k, v, frequencies, sequences, [H, K, h], variations[variation]!),
        inputs,
      );
      table.dispose();
      tf.dispose([
        ...inputs,
        angles,
        rows.groups.map(({ mask }) => mask),
        rows.slots,
        rows.slotOf,
        rows.owners,
        order.filter((t) => t !== undefined),
      ] as tf.TensorContainer);
    });
  }

/**
 * Rows of the groups, padded with token 0; a token's own slot is its last one, so that own slots stand in several rows.
 */
function attentionRows(
  sequences: readonly number[][],
  groups: readonly { rows: number; length: number }[],
  N: number,
  window?: number,
): AttentionRows {
  const slots: number[] = [];
  const slotOf: number[] = [];
  const lengths = groups.flatMap(({ rows, length }) => Array.from({ length: rows }, () => length));
  sequences.forEach((sequence, r) => {
    sequence.forEach((token, i) => (slotOf[token] = slots.length + i));
    slots.push(...sequence, ...Array.from({ length: lengths[r]! - sequence.length }, () => 0));
  });
  const owners = slots.map((token, slot) => (slotOf[token] === slot ? token : N));
  const ints = (values: number[]) => tf.tensor1d(values, "int32");
  return {
    groups: groups.map((group) => ({ ...group, mask: causalMask(group.length, window) })),
    slots: ints(slots),
    slotOf: ints(slotOf),
    owners: ints(owners),
  };
}

/**
 * Rotate-half rotary embedding and causal attention in plain ops, sequence by sequence and head by head; a shared token
 * is taken from the first of its sequences.
 */
function plainAttention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  frequencies: Float32Array,
  sequences: readonly number[][],
  [H, K, h]: [number, number, number],
  { cap, window = Infinity, unrotated }: Variation,
): tf.Tensor {
  const outs = sequences.map((tokens) => {
    const T = tokens.length;
    const angles = Array.from({ length: T }, (_, t) =>
      Array.from({ length: h }, (_, i) => t * frequencies[i % (h / 2)]!),
    );
    const cos = tf.tensor2d(angles.map((r) => r.map(Math.cos)));
    const sin = tf.tensor2d(angles.map((r) => r.map(Math.sin)));
    const rope = (x: tf.Tensor2D) => {
      if (unrotated) return x;
      const [a, b] = tf.split(x, 2, 1);
      return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(b!), a!], 1), sin));
    };
    const index = tf.tensor1d(tokens, "int32");
    const part = (x: tf.Tensor, head: number) => tf.slice(tf.gather(x, index), [0, head * h], [T, h]) as tf.Tensor2D;
    const mask = tf.tensor2d(
      Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i || j <= i - window ? -1e9 : 0))),
    );
    return tf.concat(
      Array.from({ length: H }, (_, head) => {
        const group = Math.floor(head / (H / K));
        const scores = tf.mul(tf.matMul(rope(part(q, head)), rope(part(k, group)), false, true), 1 / Math.sqrt(h));
        const capped = cap ? tf.mul(cap, tf.tanh(tf.div(scores, cap))) : scores;
        return tf.matMul(tf.softmax(tf.add(capped, mask)), part(v, group));
      }),
      1,
    );
  });
  const flat = sequences.flat();
  return tf.gather(
    tf.concat(outs, 0),
    tf.tensor1d(
      Array.from({ length: q.shape[0] }, (_, token) => flat.indexOf(token)),
      "int32",
    ),
  );
}

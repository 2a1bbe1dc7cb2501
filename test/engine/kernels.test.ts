/** Hand-written gradients against autodiff of the plain formula, on every backend, to 1e-5 relative. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import {
  AngleTable,
  causalMask,
  pairedRows,
  ropeAttention,
  type Angles,
  type AttentionRows,
} from "../../lib/engine/attention";
import { targetLogps } from "../../lib/engine/head";
import { rmsNorm, swiglu, takeRows } from "../../lib/engine/kernels";
import { onEveryBackend, relativeError } from "../backends";

const rng = new Rng("kernels");
function random<R extends tf.Tensor>(...shape: number[]): R {
  const stream = rng.fork(shape.join());
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()),
    shape,
  ) as R;
}

/** Values and gradients of both functions at the same point, for a random weighting of the outputs. */
function compare(
  fused: (...x: tf.Tensor[]) => tf.Tensor,
  plain: (...x: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const weights = random(...fused(...inputs).shape);
    const run = (f: (...x: tf.Tensor[]) => tf.Tensor) =>
      tf.valueAndGrads((...x: tf.Tensor[]) => tf.sum(tf.mul(f(...x), weights)))(inputs);
    const a = run(fused);
    const b = run(plain);
    assert.ok(relativeError(fused(...inputs).dataSync(), plain(...inputs).dataSync()) < 1e-5, "value");
    a.grads.forEach((g, i) => {
      const error = relativeError(g.dataSync(), b.grads[i]!.dataSync());
      assert.ok(error < 1e-5, `gradient ${i}: ${error}`);
    });
  });
  assert.equal(tf.memory().numTensors, before, "tensors leaked");
}

onEveryBackend("rmsNorm", () => {
  const inputs = [random(6, 10), random(10)];
  compare(
    (x, w) => rmsNorm(x as tf.Tensor2D, w as tf.Tensor1D, 1e-5),
    (x, w) => tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), w),
    inputs,
  );
  tf.dispose(inputs);
});

onEveryBackend("swiglu", () => {
  const inputs = [random(5, 7), random(5, 7)];
  compare(
    (g, u) => swiglu(g as tf.Tensor2D, u as tf.Tensor2D),
    (g, u) => tf.mul(tf.mul(g, tf.sigmoid(g)), u),
    inputs,
  );
  tf.dispose(inputs);
});

onEveryBackend("takeRows: repeated rows add up", () => {
  const table = random<tf.Tensor2D>(9, 4);
  const rows = tf.tensor1d([3, 3, 0, 8, 3], "int32");
  compare(
    (t) => takeRows(t as tf.Tensor2D, rows),
    (t) => tf.matMul(tf.oneHot(rows, 9).toFloat(), t as tf.Tensor2D),
    [table],
  );
  tf.dispose([table, rows]);
});

onEveryBackend("targetLogps: LM head and log-softmax, whole and in chunks", () => {
  const inputs = [random(6, 5), random(11, 5)];
  const ids = [0, 10, 4, 4, 7, 1];
  const oneHot = tf.oneHot(ids, 11);
  const plain = (h?: tf.Tensor, w?: tf.Tensor) =>
    tf.sum(tf.mul(tf.logSoftmax(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D, false, true)), oneHot), -1);
  for (const most of [undefined, 44, 11, 1]) {
    // in chunks of 6, 4, 1 and 1 rows
    compare(
      (h, w) => targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, Int32Array.from(ids), false, most),
      plain,
      inputs,
    );
    compare(
      (h) => targetLogps(h as tf.Tensor2D, inputs[1] as tf.Tensor2D, Int32Array.from(ids), true, most),
      (h) => plain(h, inputs[1]),
      [inputs[0]!],
    );
  }
  tf.dispose([...inputs, oneHot]);
});

onEveryBackend("targetLogps stays finite where p(target) underflows", () => {
  const logits = tf.tensor2d([
    [300, -300, 0],
    [0, 500, 1],
  ]);
  const identity = tf.eye(3);
  const targets = Int32Array.from([1, 1]);
  const { value, grads } = tf.valueAndGrads((h: tf.Tensor, w: tf.Tensor) =>
    tf.sum(targetLogps(h as tf.Tensor2D, w as tf.Tensor2D, targets)),
  )([logits, identity]);
  assert.ok(relativeError(value.dataSync(), [-600]) < 1e-6, "value"); // log p is -600 of the first, 0 of the second
  assert.ok(relativeError(grads[0]!.dataSync(), [-1, 1, 0, 0, 0, 0]) < 1e-6, "gradient");
  tf.dispose([logits, identity, value, ...grads]);
});

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

for (const [layout, { sequences, groups }] of Object.entries(layouts))
  for (const kvHeads of [4, 2, 1]) {
    onEveryBackend(`ropeAttention, 4 heads over ${kvHeads}, ${layout}`, () => {
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
      const rows = attentionRows(sequences, groups, N);
      const order = [H, K].map((n) => {
        const paired = pairedRows(n, h);
        return paired && tf.tensor1d(paired, "int32");
      });
      const paired = (x: tf.Tensor, i: number) => (order[i] ? tf.gather(x, order[i], 1) : x) as tf.Tensor2D;
      const fused = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) =>
        ropeAttention(
          tf.concat([tf.mul(paired(q!, 0), 1 / Math.sqrt(h)), paired(k!, 1)], 1) as tf.Tensor2D,
          v as tf.Tensor2D,
          { heads: H, kvHeads: K },
          angles,
          rows,
        );
      compare(fused, (q, k, v) => plainAttention(q, k, v, frequencies, sequences, [H, K, h]), inputs);
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
    groups: groups.map((group) => ({ ...group, mask: causalMask(group.length) })),
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
): tf.Tensor {
  const outs = sequences.map((tokens) => {
    const T = tokens.length;
    const angles = Array.from({ length: T }, (_, t) =>
      Array.from({ length: h }, (_, i) => t * frequencies[i % (h / 2)]!),
    );
    const cos = tf.tensor2d(angles.map((r) => r.map(Math.cos)));
    const sin = tf.tensor2d(angles.map((r) => r.map(Math.sin)));
    const rope = (x: tf.Tensor2D) => {
      const [a, b] = tf.split(x, 2, 1);
      return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(b!), a!], 1), sin));
    };
    const index = tf.tensor1d(tokens, "int32");
    const part = (x: tf.Tensor, head: number) => tf.slice(tf.gather(x, index), [0, head * h], [T, h]) as tf.Tensor2D;
    const mask = tf.tensor2d(
      Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => (j > i ? -1e9 : 0))),
    );
    return tf.concat(
      Array.from({ length: H }, (_, head) => {
        const group = Math.floor(head / (H / K));
        const scores = tf.mul(tf.matMul(rope(part(q, head)), rope(part(k, group)), false, true), 1 / Math.sqrt(h));
        return tf.matMul(tf.softmax(tf.add(scores, mask)), part(v, group));
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

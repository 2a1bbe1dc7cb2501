/**
 * Weights packed as 16-bit floats: every number widens exactly, products and their gradients are those of the widened
 * matrix.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { firstNonFinite, widenHalves, type HalfType } from "../../lib/base/float16";
import { Rng } from "../../lib/base/rng";
import { isHalf, timesWeight, uploadedHalves, widened, widenedRows } from "../../lib/engine/half";
import { targetLogps } from "../../lib/engine/head";
import { onEveryBackend } from "../backends";

const types: readonly HalfType[] = ["BF16", "F16"];
const finiteBits = (type: HalfType) =>
  Uint16Array.from(
    Array.from({ length: 1 << 16 }, (_, i) => i).filter((bits) => firstNonFinite(Uint16Array.of(bits), type) < 0),
  );
const pairs = (bits: Uint16Array) => new Float32Array(bits.buffer, 0, bits.length / 2);

/** What the formats say: sign, exponent, fraction. */
function valueOf(bits: number, type: HalfType): number {
  const [fractionBits, bias] = type === "BF16" ? [7, 127] : [10, 15];
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const fraction = bits % 2 ** fractionBits;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - fractionBits)
    : sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

for (const type of types) {
  test(`${type}: every finite number into float32; what is not finite is found`, () => {
    const bits = finiteBits(type);
    const wide = new Float32Array(bits.length);
    assert.equal(bits.length, (1 << 16) - (type === "BF16" ? 2 * 2 ** 7 : 2 * 2 ** 10));
    widenHalves(bits, type, wide);
    wide.forEach((value, i) => assert.equal(value, valueOf(bits[i]!, type)));
    assert.equal(firstNonFinite(bits, type), -1);
    assert.equal(firstNonFinite(Uint16Array.of(0, 1, type === "BF16" ? 0xff80 : 0xfc00), type), 2);
  });

  onEveryBackend(`${type}: every finite number widens exactly on the engine, rows too`, () => {
    const bits = finiteBits(type);
    const shape = [bits.length / 128, 128] as [number, number];
    const expected = new Float32Array(bits.length);
    widenHalves(bits, type, expected);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const { tensor } = uploadedHalves(pairs(bits.slice()), shape, type);
      assert.deepEqual(tensor.shape, [shape[0], 64]);
      assert.deepEqual(widened(tensor).dataSync(), expected);
      assert.deepEqual(
        widenedRows(tensor, tf.tensor1d([3, 0, 3], "int32")).dataSync(),
        Float32Array.from([3, 0, 3].flatMap((r) => [...expected.subarray(128 * r, 128 * (r + 1))])),
      );
    });
    assert.equal(tf.memory().numTensors, before);
  });

  onEveryBackend(`${type}: x W^T and its gradient are bitwise those of the widened W, which is not kept`, () => {
    const rng = new Rng("half");
    const random = (...shape: number[]) =>
      tf.tensor2d(
        Float32Array.from({ length: shape[0]! * shape[1]! }, () => rng.normal()),
        shape as [number, number],
      );
    tf.tidy(() => {
      const finite = finiteBits(type);
      const bits = Uint16Array.from({ length: 6 * 8 }, () => finite[rng.int(finite.length / 4)]!);
      const { tensor: w } = uploadedHalves(pairs(bits), [6, 8], type);
      const x = random(5, 8);
      const dy = random(5, 6);
      let kept = NaN;
      const run = (weight: tf.Tensor2D) =>
        tf.valueAndGrad((x) => {
          const before = tf.memory().numBytes;
          const y = timesWeight(x as tf.Tensor2D, weight);
          kept = tf.memory().numBytes - before - 4 * y.size;
          return tf.sum(tf.mul(y, dy));
        })(x);
      const plain = run(widened(w));
      const packed = run(w);
      assert.equal(kept, 0);
      assert.ok(isHalf(w) && !isHalf(widened(w)));
      assert.deepEqual(packed.value.dataSync(), plain.value.dataSync());
      assert.deepEqual(packed.grad.dataSync(), plain.grad.dataSync());
    });
  });
}

onEveryBackend("the head in chunks, packed and frozen, is bitwise the widened one's", () => {
  const rng = new Rng("packed head");
  const finite = finiteBits("BF16");
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const bits = Uint16Array.from({ length: 11 * 6 }, () => finite[0x3c00 + rng.int(0x100)]!);
    const { tensor: head } = uploadedHalves(pairs(bits), [11, 6], "BF16");
    const hidden = tf.tensor2d(
      Float32Array.from({ length: 5 * 6 }, () => rng.normal()),
      [5, 6],
    );
    const targets = Int32Array.from([0, 10, 4, 4, 7]);
    const run = (weight: tf.Tensor2D) =>
      tf.valueAndGrad((h) => tf.sum(targetLogps(h as tf.Tensor2D, weight, targets, { frozen: true, most: 22 })))(
        hidden,
      );
    const packed = run(head);
    const plain = run(widened(head));
    assert.deepEqual(packed.value.dataSync(), plain.value.dataSync());
    assert.deepEqual(packed.grad.dataSync(), plain.grad.dataSync());
  });
  assert.equal(tf.memory().numTensors, before);
});

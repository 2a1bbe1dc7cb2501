/**
 * The kernels put over wasm's give what plain JavaScript gives, in the cases they take and in those they leave to the
 * original; the native package still needs what is put back for it.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { Rng } from "../../lib/base/rng";
import { projectRoot } from "../../lib/base/files";
import { switchEngine } from "../../lib/engine/backend";
import { relativeError } from "../backends";
import { startNode } from "../cli/process";

const rng = new Rng("repairs");
const values = (shape: number[]) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
type Case = [name: string, inputs: { shape: number[]; data: Float32Array }[], run: (...x: tf.Tensor[]) => tf.Tensor[]];
const input = (...shape: number[]) => ({ shape, data: values(shape) });
const int = (...ids: number[]) => tf.tensor1d(ids, "int32");

const cases: Case[] = [
  ...[
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].map(([ta, tb]): Case => [
    `matMul of a batch, transposed ${ta} ${tb}`,
    [input(3, 2, ...(ta ? [5, 4] : [4, 5])), input(3, 2, ...(tb ? [6, 5] : [5, 6]))],
    (a, b) => [tf.matMul(a, b, ta, tb)],
  ]),
  ["matMul of a batch of large matrices", [input(3, 40, 60), input(3, 60, 50)], (a, b) => [tf.matMul(a, b)]],
  [
    "matMul of a batch of large matrices, both transposed",
    [input(2, 2, 60, 40), input(2, 2, 50, 60)],
    (a, b) => [tf.matMul(a, b, true, true)],
  ],
  ["matMul of a batch of rank 3", [input(7, 4, 5), input(7, 5, 3)], (a, b) => [tf.matMul(a, b)]],
  ["matMul with a batch that broadcasts", [input(3, 4, 5), input(1, 5, 6)], (a, b) => [tf.matMul(a, b)]],
  ["matMul of two matrices", [input(4, 5), input(6, 5)], (a, b) => [tf.matMul(a, b, false, true)]],
  ["gather of rows, repeated and out of order", [input(9, 16)], (x) => [tf.gather(x, int(8, 0, 0, 3, 8))]],
  ["gather of rows of rank 3", [input(4, 3, 8)], (x) => [tf.gather(x, int(2, 1))]],
  [
    "gather by a matrix of indices",
    [input(5, 8)],
    (x) => [
      tf.gather(
        x,
        tf.tensor2d(
          [
            [1, 4],
            [0, 0],
          ],
          undefined,
          "int32",
        ),
      ),
    ],
  ],
  [
    "gather of short rows and along another axis",
    [input(5, 3)],
    (x) => [tf.gather(x, int(4, 1)), tf.gather(x, int(2, 0), 1)],
  ],
  ["split along the first axis", [input(10, 3)], (x) => tf.split(x, [2, 5, 3])],
  ["split into equal parts", [input(8)], (x) => tf.split(x, 4)],
  [
    "split along another axis, and with a rest",
    [input(4, 6)],
    (x) => [...tf.split(x, [1, 5], 1), ...tf.split(x, [1, -1], 0)],
  ],
];

test("every kernel gives what plain JavaScript gives", async () => {
  const results: Record<string, { shape: number[]; data: number[] }[][]> = {};
  for (const engine of ["cpu", "wasm"] as const) {
    await switchEngine(engine);
    results[engine] = cases.map(([, inputs, run]) =>
      tf.tidy(() =>
        run(...inputs.map(({ data, shape }) => tf.tensor(data, shape))).map((t) => ({
          shape: t.shape,
          data: Array.from(t.dataSync()),
        })),
      ),
    );
  }
  cases.forEach(([name], i) =>
    results["cpu"]![i]!.forEach((expected, j) => {
      const got = results["wasm"]![i]![j]!;
      assert.deepEqual(got.shape, expected.shape, name);
      assert.ok(relativeError(got.data, expected.data) < 1e-6, name);
    }),
  );
});

test("an index out of range is refused as before", async () => {
  await switchEngine("wasm");
  assert.throws(() => tf.tidy(() => tf.gather(tf.zeros([3, 16]), int(1, 3)).dataSync()), /not in \[0, 2\]/);
});

test("nothing stays behind", async () => {
  await switchEngine("wasm");
  const before = tf.memory().numTensors,
    buffers = tf.memory().numDataBuffers;
  tf.tidy(() => {
    tf.matMul(tf.ones([3, 4, 5]), tf.ones([3, 6, 5]), false, true);
    tf.gather(tf.ones([3, 16]), int(1));
    tf.split(tf.ones([4, 4]), [1, 3]);
  });
  assert.deepEqual([tf.memory().numTensors, tf.memory().numDataBuffers], [before, buffers]);
});

test("of what Node removed from util the native package uses what repairNative puts back, and nothing else", () => {
  const dist = path.join(projectRoot, "node_modules/@tensorflow/tfjs-node-gpu/dist"),
    used = new Set<string>();
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".js") && !name.endsWith("_test.js"))) {
    const source = readFileSync(path.join(dist, file), "utf8");
    for (const [, name] of source.matchAll(/(?:var|const) (\w+) = require\("(?:node:)?util"\)/g)) {
      const removed = new RegExp(`\\b${name}\\.(is[A-Z]\\w*|_extend|log)\\b`, "g");
      for (const [, helper] of source.matchAll(removed)) used.add(helper!);
    }
  }
  assert.deepEqual([...used].sort(), ["isArray", "isNullOrUndefined"]); // none left: remove repairNative and this test
});

test("the native engine computes without a warning", { timeout: 60_000 }, async (t) => {
  const probe = await startNode(["--import", "tsx", path.join(__dirname, "probe.ts")], { ENGINE: "native" }).ended;
  if (/expected an engine that starts/.test(probe.stderr)) return t.skip("native does not start here");
  assert.deepEqual([probe.code, probe.stderr], [0, ""]);
});

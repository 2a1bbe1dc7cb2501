import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { nearestNeighbours } from "../../lib/topic/knn";

/** All distances, sorted: the definition. */
function bruteForce(rows: readonly ArrayLike<number>[], k: number): number[][] {
  return rows.map((a, i) =>
    rows
      .map((b, j) => ({ j, distance: Math.hypot(...Array.from(a, (v, t) => v - b[t]!)) }))
      .filter(({ j }) => j !== i)
      .sort((p, q) => p.distance - q.distance || p.j - q.j)
      .slice(0, k)
      .map(({ j }) => j),
  );
}

test("finds exactly the brute-force neighbours, over several blocks and odd sizes", () => {
  const rng = new Rng("knn");
  for (const [n, d, k] of [
    [2, 1, 1],
    [9, 3, 8],
    [131, 7, 15],
    [200, 18, 5],
  ] as const) {
    const rows = Array.from({ length: n }, () => Float32Array.from({ length: d }, () => rng.normal()));
    assert.deepEqual(nearestNeighbours(rows, k).indices, bruteForce(rows, k), `n ${n}, d ${d}, k ${k}`);
  }
});

test("rows that are given up half-way are those that are too far, also when the last columns decide", () => {
  const rng = new Rng("strips");
  const clustered = Array.from({ length: 151 }, (_, i) =>
    Array.from({ length: 150 }, () => 3 * (i % 5) + rng.normal()),
  );
  const late = Array.from({ length: 150 }, (_, i) =>
    Array.from({ length: 150 }, (_t, t) => (t < 148 ? (i % 2) * 1e-3 : rng.normal())),
  );
  for (const rows of [clustered, late]) assert.deepEqual(nearestNeighbours(rows, 6).indices, bruteForce(rows, 6));
});

test("equal distances beyond the first columns: still the lower index", () => {
  // all at the square root of 2
  const rows = Array.from({ length: 70 }, (_, i) => Array.from({ length: 130 }, (_t, t) => Number(t === i)));
  const { indices } = nearestNeighbours(rows, 3);
  assert.deepEqual(
    [indices[0], indices[2], indices[69]],
    [
      [1, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ],
  );
});

test("distances are Euclidean, sorted, and right for nearly equal rows far from the origin", () => {
  const { indices, distances } = nearestNeighbours(
    [
      [1e6, 0],
      [1e6 + 1e-3, 0],
      [1e6, 3e-3],
      [0, 0],
    ],
    3,
  );
  assert.deepEqual(indices[0], [1, 2, 3]);
  assert.ok(Math.abs(distances[0]![0]! - 1e-3) < 1e-9 && Math.abs(distances[0]![1]! - 3e-3) < 1e-9);
});

test("equal rows: distance 0, ties to the lower index, never the row itself", () => {
  const { indices, distances } = nearestNeighbours(
    [
      [1, 2],
      [1, 2],
      [1, 2],
      [5, 5],
    ],
    2,
  );
  assert.deepEqual(indices, [
    [1, 2],
    [0, 2],
    [0, 1],
    [0, 1],
  ]);
  assert.deepEqual(distances[2], [0, 0]);
});

test("refuses NaN, infinite, ragged and empty input and k out of range", () => {
  assert.throws(
    () =>
      nearestNeighbours(
        [
          [1, 2],
          [1, NaN],
          [0, 0],
        ],
        1,
      ),
    /row 1, column 1/,
  );
  assert.throws(
    () =>
      nearestNeighbours(
        [
          [1, 2],
          [1, Infinity],
        ],
        1,
      ),
    /finite/,
  );
  assert.throws(() => nearestNeighbours([[1, 2], [1]], 1), /2 numbers in every row/);
  assert.throws(() => nearestNeighbours([], 1), /rows and columns/);
  for (const k of [0, 2, 1.5]) assert.throws(() => nearestNeighbours([[1], [2]], k), /k < 2/);
});

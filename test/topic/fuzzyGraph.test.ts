import assert from "node:assert/strict";
import { test } from "node:test";
import { UMAP } from "umap-js";
import { Rng } from "../../lib/base/rng";
import { fuzzyGraph } from "../../lib/topic/fuzzyGraph";
import { nearestNeighbours } from "../../lib/topic/knn";

interface Edge {
  row: number;
  col: number;
  value: number;
}

test("is umap-js's own fuzzy simplicial set, in order", () => {
  const rng = new Rng("graph");
  const rows = Array.from({ length: 120 }, (_, i) => Array.from({ length: 4 }, () => (i % 3) + rng.normal()));
  rows[5] = rows[4]!.slice(); // a distance of 0
  const near = nearestNeighbours(rows, 6);
  const umap = new UMAP({ nNeighbors: 7 });
  const parts = umap as unknown as { fuzzySimplicialSet(rows: number[][], k: number): { getAll(): Edge[] } };
  umap.setPrecomputedKNN(
    near.indices.map((row, i) => [i, ...row]),
    near.distances.map((row) => [0, ...row]),
  );
  const set = parts.fuzzySimplicialSet(rows, 7);
  const want = set.getAll().filter(({ value }) => value > 0);
  const { heads, tails, weights } = fuzzyGraph(near);
  assert.deepEqual(
    Array.from(heads),
    want.map(({ row }) => row),
  );
  assert.deepEqual(
    Array.from(tails),
    want.map(({ col }) => col),
  );
  want.forEach(({ value }, e) =>
    assert.ok(Math.abs(weights[e]! - value) < 1e-12, `edge ${e}: ${weights[e]} for ${value}`),
  );
});

test("rows that hold each other by p and q are joined by p + q - pq both ways; others by what one holds", () => {
  // On a line at 0, 1 and 3: the nearest of each is held by 1.
  const { heads, tails, weights } = fuzzyGraph({
    indices: [
      [1, 2],
      [0, 2],
      [1, 0],
    ],
    distances: [
      [1, 3],
      [1, 2],
      [2, 3],
    ],
  });
  assert.deepEqual(
    [Array.from(heads), Array.from(tails)],
    [
      [0, 0, 1, 1, 2, 2],
      [1, 2, 0, 2, 0, 1],
    ],
  );
  assert.deepEqual([weights[0], weights[2], weights[3], weights[5]], [1, 1, 1, 1]);
  assert.ok(weights[1]! > 0 && weights[1]! < 1 && weights[1] === weights[4]);
});

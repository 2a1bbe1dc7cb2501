/** Our maps keep neighbours as well as umap-learn's do from the same exact neighbours (test/golden/topics.json). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { nearestNeighbours, type Vectors } from "../../lib/topic/knn";
import { umapLayout } from "../../lib/topic/umap";
import { f32, readGolden, type GoldenTensor } from "../golden/golden";

const golden = readGolden<{ umap: { rows: GoldenTensor; map: GoldenTensor; trustworthiness: number[] } }>(
  "topics.json",
).umap;
const rowsOf = (tensor: GoldenTensor): Float32Array[] => {
  const [n, d] = tensor.shape as [number, number];
  const all = f32(tensor);
  return Array.from({ length: n }, (_, i) => all.subarray(i * d, (i + 1) * d));
};
const k = 15;

/**
 * Venna & Kaski 2001: 1 minus what points among the k nearest of the map, but not of the rows, cost by their rank in
 * the rows.
 */
function trustworthiness(rows: Vectors, map: Vectors): number {
  const n = rows.length;
  const order = nearestNeighbours(rows, n - 1).indices.map((row) => new Map(row.map((j, rank) => [j, rank + 1])));
  const cost = nearestNeighbours(map, k).indices.reduce(
    (sum, row, i) => sum + row.reduce((s, j) => s + Math.max(0, order[i]!.get(j)! - k), 0),
    0,
  );
  return 1 - (2 * cost) / (n * k * (2 * n - 3 * k - 1));
}

test("trustworthiness is scikit-learn's, and ours is within 0.01 of umap-learn's", () => {
  const rows = rowsOf(golden.rows);
  assert.ok(Math.abs(trustworthiness(rows, rowsOf(golden.map)) - golden.trustworthiness[0]!) < 1e-6);
  const theirs = golden.trustworthiness.reduce((a, b) => a + b) / golden.trustworthiness.length;
  for (const seed of [1, 2, 3]) {
    const ours = trustworthiness(rows, umapLayout(rows, { nNeighbors: k, minDist: 0.1, rng: new Rng(seed) }));
    assert.ok(Math.abs(ours - theirs) < 0.01, `seed ${seed}: ${ours}, umap-learn ${theirs}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { mean } from "../../lib/base/stats";
import { Rng } from "../../lib/base/rng";
import { umapLayout } from "../../lib/topic/umap";

/** Points around three centres in 20 dimensions; row i belongs to cluster i % 3. */
function clusters(n: number, seed: string): Float32Array[] {
  const rng = new Rng(seed);
  const centres = [0, 1, 2].map(() => Array.from({ length: 20 }, () => 3 * rng.normal()));
  return Array.from({ length: n }, (_, i) => Float32Array.from(centres[i % 3]!, (c) => c + rng.normal()));
}

const options = (seed: number) => ({ nNeighbors: 10, minDist: 0.1, rng: new Rng(seed), epochs: 100 });

test("clusters stay together and apart, and the start keeps their arrangement", () => {
  const map = umapLayout(clusters(90, "clusters"), options(1));
  assert.equal(map.length, 90);
  const distance = (i: number, j: number): number => Math.hypot(map[i]![0] - map[j]![0], map[i]![1] - map[j]![1]);
  let farthestInside = 0;
  let nearestOutside = Infinity;
  for (let i = 0; i < 90; i++) {
    for (let j = 0; j < i; j++) {
      if (i % 3 === j % 3) farthestInside = Math.max(farthestInside, distance(i, j));
      else nearestOutside = Math.min(nearestOutside, distance(i, j));
    }
  }
  assert.ok(nearestOutside > farthestInside, `inside ${farthestInside}, outside ${nearestOutside}`);
});

test("clusters on a line stay in order but for neighbours, whatever the seed: the start is not random", () => {
  // Of 30 seeds a random start gave a mean correlation of 0.33 and never the order, the start by components 0.99 and 23.
  const correlations = Array.from({ length: 10 }, (_, seed) => {
    const rng = new Rng("line").fork(seed);
    const rows = Array.from({ length: 210 }, (_, i) => [30 * (i % 7) + rng.normal(), rng.normal(), rng.normal()]);
    const map = umapLayout(rows, options(seed));
    const along = (cluster: number): number => map.reduce((sum, p, i) => sum + (i % 7 === cluster ? p[0] : 0), 0);
    const order = Array.from({ length: 7 }, (_, cluster) => cluster).sort((p, q) => along(p) - along(q));
    return Math.abs(order.reduce((sum, cluster, place) => sum + (cluster - 3) * (place - 3), 0)) / 28; // Spearman's
  });
  assert.ok(mean(correlations) > 0.95 && correlations.filter((r) => r === 1).length >= 5, correlations.join());
});

test("the same seed gives the same map to the bit, another seed another; the input is untouched", () => {
  const rows = clusters(60, "seeded");
  const before = rows.map((row) => Array.from(row));
  const first = umapLayout(rows, options(3));
  assert.deepEqual(umapLayout(rows, options(3)), first);
  assert.notDeepEqual(umapLayout(rows, options(4)), first);
  assert.deepEqual(
    rows.map((row) => Array.from(row)),
    before,
  );
});

test("rows that are all equal are laid out finitely", () => {
  const map = umapLayout(
    Array.from({ length: 30 }, () => [1, 2, 3]),
    options(5),
  );
  assert.ok(map.flat().every(Number.isFinite));
});

test("refuses NaN, too few rows and epochs that are no number of passes", () => {
  const rows = clusters(30, "bad");
  rows[7]![3] = NaN;
  assert.throws(() => umapLayout(rows, options(6)), /row 7, column 3/);
  assert.throws(() => umapLayout(clusters(10, "few"), options(6)), /more than nNeighbors = 10 rows, got 10/);
  for (const epochs of [0, 2.5])
    assert.throws(() => umapLayout(clusters(30, "epochs"), { ...options(6), epochs }), /epochs >= 1/);
});

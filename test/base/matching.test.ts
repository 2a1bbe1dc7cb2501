/** The matching test against scipy and exhaustive enumeration (test/golden/topics.json). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { matchingTest } from "../../lib/base/matching";
import { Rng } from "../../lib/base/rng";
import { readGolden } from "../golden/golden";

interface Golden {
  cost: number[][];
  allowed: number[][];
  value: number;
  free: { p: number; expected: number };
  restricted: { p: number; expected: number };
}
const { cost, allowed, value, free, restricted } = readGolden<{ matching: Golden }>("topics.json").matching;
const resamples = 20_000;

test("p and expectation are the exact ones, with and without forbidden places; several statistics see one run", () => {
  const negative = cost.map((row) => row.map((v) => -v));
  for (const [may, exact] of [
    [() => true, free],
    [(i: number, j: number) => allowed[i]![j] === 1, restricted],
  ] as const) {
    const [test, opposite] = matchingTest([cost, negative], may, new Rng(3), { resamples });
    assert.ok(Math.abs(test!.value - value) < 1e-12);
    assert.ok(Math.abs(test!.p - exact.p) < 0.012, `p ${test!.p}, not ${exact.p}`);
    assert.ok(Math.abs(test!.expected - exact.expected) < 0.01, `expected ${test!.expected}, not ${exact.expected}`);
    assert.ok(Math.abs(opposite!.expected + test!.expected) < 1e-12);
    assert.ok(test!.p + opposite!.p >= 1);
  }
});

test("units that cannot move are as expected; p is small where own places are lowest, else uniform", () => {
  assert.deepEqual(
    matchingTest([cost], (i, j) => i === j, new Rng(1), { resamples: 99 }).map(({ p }) => p),
    [1],
  );
  const low = Array.from({ length: 20 }, (_, i) => Array.from({ length: 20 }, (_v, j) => Number(i !== j)));
  assert.equal(matchingTest([low], () => true, new Rng(1), { resamples: 199 })[0]!.p, 1 / 200);
  const rng = new Rng("null");
  let small = 0;
  for (let run = 0; run < 300; run++) {
    const noise = Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => rng.normal()));
    if (matchingTest([noise], (i, j) => i === j || (i + j) % 3 > 0, rng, { resamples: 99 })[0]!.p <= 0.1) small++;
  }
  assert.ok(small > 12 && small < 50, `${small} of 300 below 0.1`);
  assert.throws(() => matchingTest([[]], () => true, rng), /at least one unit/);
});

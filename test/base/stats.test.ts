// lib/base/stats against scipy (test/golden/stats.json) and against what must hold for any data.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Rng } from "../../lib/base/rng";
import { spearman } from "../../lib/base/ranks";
import * as stats from "../../lib/base/stats";
import golden from "../golden/stats.json";

const close = (actual: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${what}: expected ${expected}, got ${actual}`,
  );
const ones = (n: number): number[] => Array.from({ length: n }, () => 1);

test("moments and quantiles equal numpy's", () => {
  const { values, mean, sd, quantiles } = golden.moments;
  close(stats.mean(values), mean, 1e-15, "mean");
  close(stats.sd(values), sd, 1e-15, "sd");
  for (const [q, expected] of quantiles) close(stats.quantile(values, q!), expected!, 1e-14, `quantile ${q}`);
  assert.equal(stats.sd([4]), 0);
});

test("normal distribution and its inverse equal scipy's, also far in the tails", () => {
  for (const [z, p] of golden.normalCdf)
    assert.ok(Math.abs(stats.normalCdf(z!) / p! - 1) < 1e-12, `cdf ${z}: ${stats.normalCdf(z!)} vs ${p}`);
  for (const [p, z] of golden.normalQuantile) close(stats.normalQuantile(p!), z!, 1e-12, `quantile ${p}`);
  assert.deepEqual([stats.normalQuantile(0), stats.normalQuantile(1)], [-Infinity, Infinity]);
});

test("BCa interval equals scipy's on the exhaustive bootstrap distribution", () => {
  const cases = [golden.bca.ratio, { ...golden.bca.mean, columns: [golden.bca.mean.columns[0]!, ones(6)] }];
  for (const { columns, value, intervals } of cases) {
    const n = columns[0]!.length;
    const statisticOf = (units: number[]): number =>
      stats.ratio(Float64Array.from(columns, (c) => units.reduce((s, u) => s + c[u]!, 0)));
    const replicates = Float64Array.from({ length: n ** n }, (_, r) =>
      statisticOf(Array.from({ length: n }, (_, i) => Math.floor(r / n ** i) % n)),
    );
    const all = Array.from({ length: n }, (_, i) => i);
    const jackknife = all.map((left) => statisticOf(all.filter((i) => i !== left)));
    for (const [level, [low, high]] of Object.entries(intervals)) {
      const got = stats.bcaInterval(value, replicates, jackknife, Number(level));
      close(got.low, low!, 1e-12, `low ${level}`);
      close(got.high, high!, 1e-12, `high ${level}`);
    }
    const sampled = stats.bootstrap(columns, stats.ratio, new Rng(1), { resamples: 40_000 });
    close(sampled.value, value, 1e-15, "value");
    close(sampled.low, intervals["0.95"][0]!, 0.01, "sampled low");
    close(sampled.high, intervals["0.95"][1]!, 0.01, "sampled high");
  }
});

test("bootstrap: same stream same interval, shift and scale carry over, constant data have no width", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 16 }), { minLength: 3, maxLength: 12 }), (values) => {
      const run = (v: number[]) =>
        stats.bootstrap([v, ones(v.length)], stats.ratio, new Rng("shift"), { resamples: 200 });
      const base = run(values);
      assert.deepEqual(run(values), base);
      const moved = run(values.map((v) => 4 * v + 8));
      for (const key of ["value", "low", "high"] as const) close(moved[key], 4 * base[key] + 8, 1e-9, key);
      assert.ok(base.low <= base.high);
    }),
    { numRuns: 50, seed: 5 },
  );
  assert.deepEqual(
    stats.bootstrap([[0.1, 0.1, 0.1], ones(3)], stats.ratio, new Rng(0), { resamples: 50 }).low.toFixed(12),
    "0.100000000000",
  );
});

test("bootstrap covers the truth about as often as it says", () => {
  const rng = new Rng("coverage");
  let covered = 0;
  for (let run = 0; run < 400; run++) {
    const values = Array.from({ length: 40 }, () => -Math.log(1 - rng.next())); // exponential, mean 1: skewed
    const { low, high } = stats.bootstrap([values, ones(40)], stats.ratio, rng, { resamples: 400 });
    if (low <= 1 && 1 <= high) covered++;
  }
  assert.ok(covered > 0.89 * 400 && covered < 0.98 * 400, `covered ${covered} of 400`);
});

test("bootstrap of 177 units, 10,000 resamples, is quick", () => {
  const rng = new Rng("speed");
  const values = Array.from({ length: 177 }, () => rng.next());
  stats.bootstrap([values, ones(177)], stats.ratio, rng);
  const start = process.cpuUsage();
  stats.bootstrap([values, ones(177)], stats.ratio, rng);
  const ms = process.cpuUsage(start).user / 1000;
  assert.ok(ms < 400, `took ${ms} ms of processor time`); // about 30 when the machine is idle
});

test("permutation test equals scipy's exact one, and the Monte Carlo one agrees", () => {
  const { a, b, difference, p } = golden.permutation;
  const columns = (values: number[]) => [values, ones(values.length)];
  const exact = stats.pairedPermutationTest(columns(a), columns(b), stats.ratio, new Rng(0));
  close(exact.difference, difference, 1e-14, "difference");
  close(exact.p, p, 1e-12, "p");
  const sampled = stats.pairedPermutationTest(columns(a), columns(b), stats.ratio, new Rng(0), { resamples: 250 });
  close(sampled.p, p, 0.05, "sampled p");
  const swapped = stats.pairedPermutationTest(columns(b), columns(a), stats.ratio, new Rng(0));
  assert.deepEqual([swapped.difference, swapped.p], [-exact.difference, exact.p]);
});

test("permutation test: p is the same in tenths as in whole numbers, whose sums are exact", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { minLength: 2, maxLength: 7 }), (units) => {
      const p = (scale: number) =>
        stats.pairedPermutationTest(
          [units.map(([a]) => a / scale), ones(units.length)],
          [units.map(([, b]) => b / scale), ones(units.length)],
          stats.ratio,
          new Rng(0),
        ).p;
      assert.equal(p(10), p(1));
    }),
    { numRuns: 200, seed: 6 },
  );
});

test("permutation test: equal policies give p = 1, p-values are uniform when nothing differs", () => {
  const values = Array.from({ length: 30 }, (_, i) => i / 7);
  assert.equal(
    stats.pairedPermutationTest([values, ones(30)], [values, ones(30)], stats.ratio, new Rng(1), { resamples: 99 }).p,
    1,
  );
  const rng = new Rng("null");
  let small = 0;
  for (let run = 0; run < 400; run++) {
    const draw = () => Array.from({ length: 20 }, () => rng.next());
    if (
      stats.pairedPermutationTest([draw(), ones(20)], [draw(), ones(20)], stats.ratio, rng, { resamples: 199 }).p <= 0.1
    )
      small++;
  }
  assert.ok(small > 20 && small < 62, `${small} of 400 below 0.1`);
});

test("Spearman equals scipy's with ties; p agrees; monotone maps change nothing", () => {
  const { x, y, rho, p } = golden.spearman;
  const got = spearman(x, y, new Rng(2));
  close(got.rho, rho, 1e-14, "rho");
  close(got.p, p, 0.003, "p");
  assert.equal(
    spearman(
      x.map(Math.exp),
      y.map((v) => v ** 3),
      new Rng(2),
    ).rho,
    got.rho,
  );
  assert.equal(spearman([1, 1, 1], [1, 2, 3], new Rng(0), { resamples: 9 }).rho, 0);
});

test("bad input is refused with what was expected; one unit has no interval", () => {
  assert.throws(() => stats.mean([]), /at least one value/);
  assert.throws(() => stats.quantile([1], 1.2), /q = 1.2/);
  assert.throws(() => stats.normalQuantile(NaN), /got NaN/);
  assert.throws(() => stats.bootstrap([[], []], stats.ratio, new Rng(0)), /at least one unit/);
  assert.throws(() => stats.bootstrap([[1, 2], [1]], stats.ratio, new Rng(0)), /one length, got 2, 1/);
  assert.throws(() => stats.pairedPermutationTest([[1], [1]], [[1]], stats.ratio, new Rng(0)), /as many columns/);
  assert.throws(() => spearman([1, 2], [1], new Rng(0)), /got 2 and 1/);
  assert.throws(() => spearman([1, NaN], [1, 2], new Rng(0)), /got NaN/);
  assert.deepEqual(stats.bootstrap([[3], [4]], stats.ratio, new Rng(0)), { value: 0.75, low: NaN, high: NaN });
});

/**
 * Statistics of the tables: means, BCa bootstrap intervals over units, paired permutation test, Spearman.
 *
 * A unit is what is resampled (a topic). A statistic is a function of the sums of the units' columns, which
 * covers means, ratios of sums and their differences, and makes a resample cost n additions.
 * n units, C columns, R resamples or permutations. Sources: Efron & Tibshirani 1993, ch. 14 (BCa);
 * Phipson & Smyth 2010 (a Monte Carlo p-value counts the observed one). Checked against scipy (test/golden/stats.json).
 */
import { sum } from "./collections";
import type { Rng } from "./rng";

/**
 * An estimate and the ends of its confidence interval; the ends are NaN where fewer than 2 units leave them unknown.
 */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** C columns of n numbers each; row i of all columns is unit i. */
export type Columns = readonly ArrayLike<number>[];

/** A number from the C column sums of any resample, e.g. `ratio`. */
export type Statistic = (sums: Float64Array) => number;

export interface ResampleOptions {
  /** R, default 10,000. */
  resamples?: number;
}

export interface BootstrapOptions extends ResampleOptions {
  /** Coverage, default 0.95. */
  level?: number;
}

/** Column 0 over column 1; 0 where there is nothing to divide by. With a column of ones: the mean. */
export const ratio: Statistic = (sums) => (sums[1] === 0 ? 0 : sums[0]! / sums[1]!);

/** @throws RangeError when empty */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError("mean: expected at least one value, got none");
  return sum(values) / values.length;
}

/** Sample standard deviation (n - 1); 0 for a single value. @throws RangeError when empty */
export function sd(values: ArrayLike<number>): number {
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - center) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length - 1));
}

/**
 * Quantile q in [0, 1], linear between order statistics (numpy's default).
 * @throws RangeError when empty or q is outside
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), q);
}

/** Standard normal distribution function, accurate to 1e-15 absolutely and 1e-12 relatively down to z = -30. */
export function normalCdf(z: number): number {
  const x = Math.abs(z);
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let total = x; // Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/(3*5) + ...)
    for (let k = 3; term > 1e-17 * total; k += 2) total += term *= (x * x) / k;
    return z < 0 ? 0.5 - density * total : 0.5 + density * total;
  }
  let fraction = x; // Mills ratio: 1 - Phi(x) = phi(x) / (x + 1/(x + 2/(x + ...)))
  for (let k = 120; k >= 1; k--) fraction = x + k / fraction;
  return z < 0 ? density / fraction : 1 - density / fraction;
}

/**
 * Inverse of `normalCdf` (Acklam's approximation, then one Halley step). ±Infinity at 0 and 1.
 * @throws RangeError outside [0, 1]
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`normalQuantile: expected 0 <= p <= 1, got ${p}`);
  if (p === 0) return -Infinity;
  if (p > 0.5) return -normalQuantile(1 - p); // 1 - p is exact here, and the lower tail is the accurate one
  const z = acklam(p);
  const step = (normalCdf(z) - p) * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * z * z);
  return z - step / (1 + 0.5 * z * step);
}

/**
 * Statistic of all units with its BCa interval from R resamples of the units.
 * @throws RangeError without units or with columns of unequal length
 */
export function bootstrap(columns: Columns, statistic: Statistic, rng: Rng, options: BootstrapOptions = {}): Interval {
  const { rows, n, width } = byUnit(columns);
  const total = totals(rows, n, width);
  const value = statistic(total);
  if (n < 2) return { value, low: NaN, high: NaN };
  const sums = new Float64Array(width);
  const replicates = new Float64Array(options.resamples ?? 10_000);
  for (let r = 0; r < replicates.length; r++) {
    sums.fill(0);
    for (let i = 0; i < n; i++) {
      const unit = rng.int(n) * width;
      for (let c = 0; c < width; c++) sums[c]! += rows[unit + c]!;
    }
    replicates[r] = statistic(sums);
  }
  const jackknife = Float64Array.from({ length: n }, (_, i) => {
    for (let c = 0; c < width; c++) sums[c] = total[c]! - rows[i * width + c]!;
    return statistic(sums);
  });
  return { value, ...bcaInterval(value, replicates, jackknife, options.level) };
}

/**
 * The bias-corrected and accelerated interval from bootstrap replicates [R] and leave-one-out values [n].
 * Where every replicate lies on one side of the value (BCa undefined), half a replicate is taken to lie on the other.
 */
export function bcaInterval(
  value: number,
  replicates: ArrayLike<number>,
  jackknife: ArrayLike<number>,
  level = 0.95,
): { low: number; high: number } {
  const sorted = Float64Array.from(replicates).sort();
  const rounding = 1e-12 * Math.abs(value);
  let below = 0;
  for (const x of sorted) below += x < value - rounding ? 1 : x <= value + rounding ? 0.5 : 0;
  const half = 0.5 / sorted.length;
  const bias = normalQuantile(Math.min(1 - half, Math.max(half, below / sorted.length)));
  const acceleration = skewness(jackknife) / 6;
  const end = (p: number): number => {
    const w = bias + normalQuantile(p);
    const room = 1 - acceleration * w;
    return quantileOfSorted(sorted, room > 0 ? normalCdf(bias + w / room) : w > 0 ? 1 : 0);
  };
  return { low: end((1 - level) / 2), high: end((1 + level) / 2) };
}

/**
 * Two-sided p-value of statistic(a) - statistic(b) under exchange of a and b within each unit:
 * exact when 2^n <= R, else Monte Carlo with (1 + count) / (1 + R).
 * @throws RangeError without units or with columns of unequal length
 */
export function pairedPermutationTest(
  a: Columns,
  b: Columns,
  statistic: Statistic,
  rng: Rng,
  options: ResampleOptions = {},
): { difference: number; p: number } {
  const rows = byUnit([...a, ...b]);
  if (a.length !== b.length)
    throw new RangeError(`pairedPermutationTest: expected as many columns in b as in a (${a.length}), got ${b.length}`);
  const all = totals(rows.rows, rows.n, rows.width);
  let rounding = 0; // differences equal up to summation order count as equal
  const difference = (swapped: (unit: number) => boolean): number => {
    const sumsA = new Float64Array(a.length);
    const sumsB = new Float64Array(a.length);
    for (let i = 0; i < rows.n; i++) {
      const from = i * rows.width + (swapped(i) ? a.length : 0);
      for (let c = 0; c < a.length; c++) sumsA[c]! += rows.rows[from + c]!;
    }
    for (let c = 0; c < a.length; c++) sumsB[c] = all[c]! + all[a.length + c]! - sumsA[c]!;
    const [valueA, valueB] = [statistic(sumsA), statistic(sumsB)];
    rounding = 1e-12 * (Math.abs(valueA) + Math.abs(valueB));
    return valueA - valueB;
  };
  const observed = difference(() => false);
  const resamples = options.resamples ?? 10_000;
  const exact = 2 ** rows.n <= resamples;
  let extreme = exact ? 0 : 1;
  for (let r = 0; r < (exact ? 2 ** rows.n : resamples); r++) {
    const permuted = difference(exact ? (i) => ((r >> i) & 1) === 1 : () => rng.next() < 0.5);
    if (Math.abs(permuted) >= Math.abs(observed) - rounding) extreme++;
  }
  return { difference: observed, p: extreme / (exact ? 2 ** rows.n : 1 + resamples) };
}

function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0 || !(q >= 0 && q <= 1))
    throw new RangeError(`quantile: expected values and 0 <= q <= 1, got ${sorted.length} values, q = ${q}`);
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const a = sorted[below]!;
  const b = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return a + (place - below) * (b - a);
}

/** Columns as rows [n * C], so that a resampled unit is one stretch of memory. */
function byUnit(columns: Columns): { rows: Float64Array; n: number; width: number } {
  const n = columns[0]?.length ?? 0;
  if (n === 0) throw new RangeError("bootstrap: expected at least one unit, got none");
  if (columns.some((column) => column.length !== n))
    throw new RangeError(`bootstrap: expected columns of one length, got ${columns.map((c) => c.length).join(", ")}`);
  const rows = new Float64Array(n * columns.length);
  columns.forEach((column, c) => {
    for (let i = 0; i < n; i++) rows[i * columns.length + c] = column[i]!;
  });
  return { rows, n, width: columns.length };
}

function totals(rows: Float64Array, n: number, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < n; i++) for (let c = 0; c < width; c++) sums[c]! += rows[i * width + c]!;
  return sums;
}

/** Sum of cubes over (sum of squares)^1.5 of mean - value: six times the acceleration; 0 when all are equal. */
function skewness(jackknife: ArrayLike<number>): number {
  const center = mean(jackknife);
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < jackknife.length; i++) {
    const d = center - jackknife[i]!;
    squares += d * d;
    cubes += d * d * d;
  }
  return squares === 0 ? 0 : cubes / squares ** 1.5;
}

/** Acklam's rational approximation of the normal quantile for p <= 1/2, relative error below 1.15e-9. */
function acklam(p: number): number {
  const a = [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ];
  const b = [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
  ];
  const c = [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];
  const poly = (coefficients: number[], x: number): number => coefficients.reduce((total, k) => total * x + k, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / poly(d, q);
  }
  const q = p - 0.5;
  return (poly(a, q * q) * q) / poly(b, q * q);
}

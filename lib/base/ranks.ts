/** Ranks with ties, and Spearman's correlation of two of them. */
import type { Rng } from "./rng";
import type { ResampleOptions } from "./stats";

/**
 * Spearman's rank correlation (midranks for ties) with a two-sided Monte Carlo permutation p-value; rho 0 where a side
 * is constant.
 * @throws RangeError for unequal or too short lists, or NaN
 */
export function spearman(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  rng: Rng,
  options: ResampleOptions = {},
): { rho: number; p: number } {
  if ([...Array.from(x), ...Array.from(y)].some(Number.isNaN))
    throw new RangeError("spearman: expected numbers, got NaN");
  if (x.length !== y.length || x.length < 2)
    throw new RangeError(`spearman: expected two lists of one length >= 2, got ${x.length} and ${y.length}`);
  const rx = standardRanks(x);
  const ry = standardRanks(y);
  const dot = (other: ArrayLike<number>): number => rx.reduce((total, v, i) => total + v * other[i]!, 0);
  const rho = dot(ry);
  const resamples = options.resamples ?? 10_000;
  const order = Array.from(ry);
  let extreme = 1;
  for (let r = 0; r < resamples; r++) if (Math.abs(dot(rng.shuffle(order))) >= Math.abs(rho) - 1e-12) extreme++;
  return { rho, p: extreme / (1 + resamples) };
}

/** Ranks from 0; equal values share the mean of theirs. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0, to = 1; from < order.length; from = to++) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let k = from; k < to; k++) ranks[order[k]!] = (from + to - 1) / 2;
  }
  return ranks;
}

/** Midranks, centred and scaled to length 1 (0 where all are equal). */
function standardRanks(values: ArrayLike<number>): Float64Array {
  const ranks = midranks(values).map((rank) => rank - (values.length - 1) / 2);
  const length = Math.sqrt(ranks.reduce((total, r) => total + r * r, 0));
  return length === 0 ? ranks : ranks.map((r) => r / length);
}

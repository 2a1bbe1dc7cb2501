/**
 * Permutation test of a matching under restrictions: do units lie lower in their own places than in others that they
 * could have? Random matchings come from swaps of two units, started as Besag & Clifford (1989, Biometrika 76) do, so
 * that p is right however slowly swaps mix. Checked against scipy and against enumeration (test/golden/topics.json).
 */
import type { Rng } from "./rng";
import type { ResampleOptions } from "./stats";

export interface MatchingTest {
  /** Mean over the units in their own places. */
  value: number;
  /** Mean over random matchings. */
  expected: number;
  /** One-sided: how often a random matching is as low. */
  p: number;
}

/** Attempted swaps per unit between the matchings that are looked at. */
const sweeps = 20;

/**
 * Unit i lies in place i; a matching puts every unit into a place of its own.
 * @param costs several statistics, [n][n] each: cost of unit i in place j; all see the same matchings
 * @param allowed whether unit i may lie in place j; every unit may lie in its own
 * @throws RangeError without units
 */
export function matchingTest(
  costs: readonly (readonly ArrayLike<number>[])[],
  allowed: (i: number, j: number) => boolean,
  rng: Rng,
  { resamples = 2_000 }: ResampleOptions = {},
): MatchingTest[] {
  const n = costs[0]?.length ?? 0;
  if (n === 0) throw new RangeError("matchingTest: expected at least one unit, got none");
  const may = Array.from({ length: n }, (_, i) => Uint8Array.from({ length: n }, (_v, j) => Number(allowed(i, j))));
  const walk = (from: Int32Array): Int32Array => {
    const places = from.slice();
    for (let attempt = 0; attempt < sweeps * n; attempt++) {
      const a = rng.int(n);
      const b = rng.int(n);
      const [pa, pb] = [places[a]!, places[b]!];
      if (!may[a]![pb] || !may[b]![pa]) continue;
      places[a] = pb;
      places[b] = pa;
    }
    return places;
  };
  const means = (places: Int32Array) => costs.map((cost) => places.reduce((sum, j, i) => sum + cost[i]![j]!, 0) / n);
  const own = Int32Array.from({ length: n }, (_, i) => i);
  const values = means(own);
  const hub = walk(own); // own place and each matching below are equally far from it
  const sums = values.map(() => 0);
  const low = values.map(() => 1);
  for (let r = 0; r < resamples; r++) {
    means(walk(hub)).forEach((mean, s) => {
      sums[s]! += mean;
      if (mean <= values[s]! + 1e-12) low[s]!++; // equal up to summation order
    });
  }
  return values.map((value, s) => ({ value, expected: sums[s]! / resamples, p: low[s]! / (1 + resamples) }));
}

/**
 * A two-dimensional map of vectors: UMAP (McInnes et al., 2018). Its graph rests on umap-js (`fuzzyGraph.ts`), as does
 * the curve of closeness in the map; neighbours are exact (`knn.ts`), the epochs are `layout.ts`. The start is the
 * first two principal components, not a spectral embedding as in umap-learn nor random as in umap-js: it keeps far more
 * of the arrangement of clusters than a random one. All rows are fitted together; there is no transform of new rows.
 */
import { findABParams } from "umap-js/dist/umap.js";
import type { Rng } from "../base/rng";
import { fuzzyGraph } from "./fuzzyGraph";
import { flatten, nearestNeighbours, type Vectors } from "./knn";
import { optimiseLayout } from "./layout";

export interface UmapOptions {
  /** Neighbours per row, itself included, as in umap-learn. */
  nNeighbors: number;
  /** Smallest distance of points in the map. */
  minDist: number;
  rng: Rng;
  /** Passes over the graph, a whole number >= 1; default as in umap-learn: 500 up to 10,000 rows, 200 above. */
  epochs?: number;
}

/** Half the width of the start, as in umap-learn. */
const INITIAL_SPAN = 10;
const POWER_STEPS = 30;

/**
 * @param vectors n rows of d finite numbers, n > nNeighbors
 * @returns [n][2]; the same for the same vectors, options and rng path
 * @throws RangeError for too few rows, ragged rows, numbers that are not finite, epochs out of range
 */
export function umapLayout(vectors: Vectors, options: UmapOptions): [number, number][] {
  const { nNeighbors, minDist, rng } = options;
  const { flat, n, d } = flatten(vectors);
  const epochs = options.epochs ?? (n <= 10_000 ? 500 : 200);
  if (!Number.isInteger(nNeighbors) || nNeighbors < 2)
    throw new RangeError(`umapLayout: expected a whole nNeighbors >= 2, got ${nNeighbors}`);
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new RangeError(`umapLayout: expected a whole number of epochs >= 1, got ${epochs}`);
  if (n <= nNeighbors) throw new RangeError(`umapLayout: expected more than nNeighbors = ${nNeighbors} rows, got ${n}`);
  const graph = fuzzyGraph(nearestNeighbours(vectors, nNeighbors - 1));
  const points = principalComponents(flat, n, d, rng.fork("start"));
  const { a, b } = findABParams(1, minDist); // fitted with `**`, whose last digits differ between versions of V8
  const curve = { a: Number(a.toPrecision(10)), b: Number(b.toPrecision(10)) };
  optimiseLayout(points, graph, { ...curve, epochs, rng: rng.fork("epochs") });
  return Array.from({ length: n }, (_, i) => [points[2 * i]!, points[2 * i + 1]!]);
}

/**
 * Rows projected on their first two principal components, scaled to +-10, with a little noise so that equal rows can
 * part; `flat` is centred in place.
 * @returns [n * 2]
 */
function principalComponents(flat: Float64Array, n: number, d: number, rng: Rng): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += flat[i * d + j]! / n;
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) flat[i * d + j]! -= mean[j]!;
  const axes: Float64Array[] = [];
  const scores = [0, 1].map(() => {
    let axis = Float64Array.from({ length: d }, () => rng.normal());
    const score = new Float64Array(n);
    for (let step = 0; step < POWER_STEPS; step++) {
      orthonormalise(axis, axes);
      const next = powerStep(flat, n, d, axis, score);
      if (step < POWER_STEPS - 1) axis = next;
    }
    axes.push(axis);
    return score;
  });
  const span = scores.flatMap((s) => Array.from(s)).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const scale = span > 0 ? INITIAL_SPAN / span : 0;
  return Float64Array.from({ length: 2 * n }, (_, at) => scores[at % 2]![at >> 1]! * scale + 1e-4 * rng.normal());
}

/** Removes the components along `others` and scales to length 1, in place (a zero vector stays zero). */
function orthonormalise(axis: Float64Array, others: readonly Float64Array[]): void {
  for (const other of others) {
    const along = axis.reduce((sum, v, j) => sum + v * other[j]!, 0);
    other.forEach((v, j) => (axis[j]! -= along * v));
  }
  const length = Math.sqrt(axis.reduce((sum, v) => sum + v * v, 0));
  if (length > 0) axis.forEach((v, j) => (axis[j] = v / length));
}

/** score = X axis in place, [n]; row by row, so that X is read once. @returns Xᵀ score: [d] */
function powerStep(
  flat: Float64Array,
  n: number,
  d: number,
  axis: Float64Array,
  score: Float64Array,
): Float64Array<ArrayBuffer> {
  const next = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += flat[i * d + j]! * axis[j]!;
    score[i] = sum;
    for (let j = 0; j < d; j++) next[j]! += flat[i * d + j]! * sum;
  }
  return next;
}

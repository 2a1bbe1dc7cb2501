/**
 * A two-dimensional map of vectors: UMAP (McInnes et al., 2018) by umap-js, with the parts of it replaced
 * that measure badly: exact neighbours (`knn.ts`) for its approximate ones, and a start from the first two
 * principal components for its random one, which keeps far more of the arrangement of clusters.
 * All rows are fitted together: umap-js's `transform` of new rows is not usable.
 */
import { UMAP } from "umap-js";
import type { Rng } from "../base/rng";
import { flatten, nearestNeighbours, type Vectors } from "./knn";

export interface UmapOptions {
  /** Neighbours per row, itself included, as in umap-learn. */
  nNeighbors: number;
  /** Smallest distance of points in the map. */
  minDist: number;
  rng: Rng;
  /** Passes over the graph; default as umap-js: 500 up to 2500 rows, then fewer, 200 above 7500. */
  epochs?: number;
}

/** Half the width of the start, as in umap-learn. */
const INITIAL_SPAN = 10;
const POWER_STEPS = 30;

/**
 * @param vectors n rows of d finite numbers, n > nNeighbors
 * @returns [n][2]; the same for the same vectors, options and rng path
 * @throws RangeError for too few rows, ragged rows, numbers that are not finite
 */
export function umapLayout(vectors: Vectors, options: UmapOptions): [number, number][] {
  const { nNeighbors, minDist, rng, epochs } = options;
  const { flat, n, d } = flatten(vectors);
  if (!Number.isInteger(nNeighbors) || nNeighbors < 2) throw new RangeError(`umapLayout: expected a whole nNeighbors >= 2, got ${nNeighbors}`);
  if (n <= nNeighbors) throw new RangeError(`umapLayout: expected more than nNeighbors = ${nNeighbors} rows, got ${n}`);
  const draw = rng.fork("epochs");
  const umap = new UMAP({ nNeighbors, minDist, nEpochs: epochs, nComponents: 2, random: () => draw.next() });
  const near = nearestNeighbours(vectors, nNeighbors - 1);
  umap.setPrecomputedKNN(near.indices.map((row, i) => [i, ...row]), near.distances.map((row) => [0, ...row]));
  // With neighbours given, umap-js takes only the number of rows from its argument.
  const steps = umap.initializeFit(near.indices);
  const map = umap.getEmbedding();
  principalComponents(flat, n, d, rng.fork("start")).forEach((point, i) => {
    map[i]![0] = point[0];
    map[i]![1] = point[1];
  });
  for (let step = 0; step < steps; step++) umap.step();
  return umap.getEmbedding().map(([x, y]) => [x!, y!]);
}

/** Rows projected on their first two principal components, scaled to +-10, with a little noise so that equal rows can part. @returns [n][2] */
function principalComponents(flat: Float64Array, n: number, d: number, rng: Rng): [number, number][] {
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += flat[i * d + j]! / n;
  const axes: Float64Array[] = [];
  const scores = [0, 1].map(() => {
    const axis = Float64Array.from({ length: d }, () => rng.normal());
    let score: Float64Array = new Float64Array(n);
    for (let step = 0; step < POWER_STEPS; step++) {
      orthonormalise(axis, axes);
      score = project(flat, n, d, mean, axis);
      if (step < POWER_STEPS - 1) backProject(flat, n, d, mean, score, axis);
    }
    axes.push(axis);
    return score;
  });
  const span = scores.flatMap((s) => Array.from(s)).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const scale = span > 0 ? INITIAL_SPAN / span : 0;
  const at = (axis: number, i: number): number => scores[axis]![i]! * scale + 1e-4 * rng.normal();
  return Array.from({ length: n }, (_, i) => [at(0, i), at(1, i)]);
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

/** (X - mean) axis: [n] */
function project(flat: Float64Array, n: number, d: number, mean: Float64Array, axis: Float64Array): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += (flat[i * d + j]! - mean[j]!) * axis[j]!;
    return sum;
  });
}

/** axis = (X - mean)ᵀ score, in place: [d] */
function backProject(flat: Float64Array, n: number, d: number, mean: Float64Array, score: Float64Array, axis: Float64Array): void {
  axis.fill(0);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) axis[j]! += (flat[i * d + j]! - mean[j]!) * score[i]!;
}

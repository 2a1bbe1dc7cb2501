/**
 * Exact k nearest neighbours by Euclidean distance. umap-js searches approximately and finds only
 * about four of five true neighbours in 1024 dimensions, so its neighbours are computed here instead.
 * Axes: n rows, d columns, k neighbours.
 */

/** Rows of one length: Float32Array, Float64Array or number[]. */
export type Vectors = readonly ArrayLike<number>[];

/** Per row, nearest first; the row itself is not among its neighbours. */
export interface Neighbours {
  /** [n][k] */
  indices: number[][];
  /** [n][k] */
  distances: number[][];
}

const BLOCK = 64;
/** Columns between two looks at whether a sum is already too large. */
const STRIP = 64;

/**
 * @param vectors n rows of d finite numbers
 * @param k 1 <= k < n; ties are broken by the lower index
 * @throws RangeError for k out of range, ragged or empty rows, numbers that are not finite
 */
export function nearestNeighbours(vectors: Vectors, k: number): Neighbours {
  const { flat, n, d } = flatten(vectors);
  if (!Number.isInteger(k) || k < 1 || k >= n)
    throw new RangeError(`nearestNeighbours: expected 1 <= k < ${n} (rows), got k = ${k}`);
  const indices = new Int32Array(n * k); // [n, k]
  const squares = new Float64Array(n * k).fill(Infinity); // [n, k]
  // the farthest kept of each row; whole fours of rows, see squaredDistances
  const worst = new Float64Array(Math.ceil(n / 4) * 4).fill(Infinity, 0, n);
  const padded = new Float64Array(worst.length * d);
  padded.set(flat);
  const eight = new Float64Array(8); // [2, 4]
  // Blocks of rows against blocks of rows, so that both stay in the cache; each pair is computed once.
  for (let bi = 0; bi < n; bi += BLOCK) {
    for (let bj = bi; bj < n; bj += BLOCK) {
      for (let i0 = bi; i0 < Math.min(n, bi + BLOCK); i0 += 2) {
        for (let j0 = bj; j0 < Math.min(n, bj + BLOCK); j0 += 4) {
          if (j0 + 3 <= i0) continue;
          const limit = Math.max(
            worst[i0]!,
            worst[i0 + 1]!,
            worst[j0]!,
            worst[j0 + 1]!,
            worst[j0 + 2]!,
            worst[j0 + 3]!,
          );
          if (!squaredDistances(padded, i0 * d, j0 * d, d, limit, eight)) continue;
          for (let i = i0; i < Math.min(n, i0 + 2); i++) {
            for (let j = Math.max(j0, i + 1); j < Math.min(n, j0 + 4); j++) {
              const square = eight[4 * (i - i0) + j - j0]!;
              insert(indices, squares, i * k, k, j, square);
              insert(indices, squares, j * k, k, i, square);
              worst[j] = squares[j * k + k - 1]!;
            }
            worst[i] = squares[i * k + k - 1]!;
          }
        }
      }
    }
  }
  const rows = <T>(read: (from: number) => T): T[] => Array.from({ length: n }, (_, i) => read(i * k));
  return {
    indices: rows((from) => Array.from(indices.subarray(from, from + k))),
    distances: rows((from) => Array.from(squares.subarray(from, from + k), Math.sqrt)),
  };
}

/**
 * One Float64Array [n * d], checked.
 * @throws RangeError for ragged or empty rows and for numbers that are not finite
 */
export function flatten(vectors: Vectors): { flat: Float64Array; n: number; d: number } {
  const n = vectors.length;
  const d = vectors[0]?.length ?? 0;
  if (n === 0 || d === 0) throw new RangeError(`vectors: expected rows and columns, got ${n} rows of ${d}`);
  const flat = new Float64Array(n * d);
  vectors.forEach((row, i) => {
    if (row.length !== d)
      throw new RangeError(`vectors: expected ${d} numbers in every row, got ${row.length} in row ${i}`);
    for (let j = 0; j < d; j++) {
      const value = row[j]!;
      if (!Number.isFinite(value))
        throw new RangeError(`vectors: expected finite numbers, got ${value} at row ${i}, column ${j}`);
      flat[i * d + j] = value;
    }
  });
  return { flat, n, d };
}

/**
 * From two rows to four, into `out` [2, 4]: by differences, not by |a|² + |b|² - 2ab, so that close rows keep their
 * exact order.
 * @returns false as soon as all eight are seen to be beyond `limit`, with `out` as it was
 */
function squaredDistances(
  flat: Float64Array,
  a0: number,
  b0: number,
  d: number,
  limit: number,
  out: Float64Array,
): boolean {
  const a1 = a0 + d;
  const b1 = b0 + d;
  const b2 = b1 + d;
  const b3 = b2 + d;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let from = 0; from < d; from += STRIP) {
    const to = Math.min(d, from + STRIP);
    for (let t = from; t < to; t++) {
      const x0 = flat[a0 + t]!;
      const x1 = flat[a1 + t]!;
      const y0 = flat[b0 + t]!;
      const y1 = flat[b1 + t]!;
      const y2 = flat[b2 + t]!;
      const y3 = flat[b3 + t]!;
      s00 += (x0 - y0) * (x0 - y0);
      s01 += (x0 - y1) * (x0 - y1);
      s02 += (x0 - y2) * (x0 - y2);
      s03 += (x0 - y3) * (x0 - y3);
      s10 += (x1 - y0) * (x1 - y0);
      s11 += (x1 - y1) * (x1 - y1);
      s12 += (x1 - y2) * (x1 - y2);
      s13 += (x1 - y3) * (x1 - y3);
    }
    if (
      s00 > limit &&
      s01 > limit &&
      s02 > limit &&
      s03 > limit &&
      s10 > limit &&
      s11 > limit &&
      s12 > limit &&
      s13 > limit
    )
      return false;
  }
  out[0] = s00;
  out[1] = s01;
  out[2] = s02;
  out[3] = s03;
  out[4] = s10;
  out[5] = s11;
  out[6] = s12;
  out[7] = s13;
  return true;
}

/** Keeps the k smallest of a row sorted; equal distances by index. */
function insert(
  indices: Int32Array,
  squares: Float64Array,
  from: number,
  k: number,
  index: number,
  square: number,
): void {
  let at = from + k;
  while (at > from && (square < squares[at - 1]! || (square === squares[at - 1]! && index < indices[at - 1]!))) at--;
  if (at === from + k) return;
  squares.copyWithin(at + 1, at, from + k - 1);
  indices.copyWithin(at + 1, at, from + k - 1);
  squares[at] = square;
  indices[at] = index;
}

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

/**
 * @param vectors n rows of d finite numbers
 * @param k 1 <= k < n; ties are broken by the lower index
 * @throws RangeError for k out of range, ragged or empty rows, numbers that are not finite
 */
export function nearestNeighbours(vectors: Vectors, k: number): Neighbours {
  const { flat, n, d } = flatten(vectors);
  if (!Number.isInteger(k) || k < 1 || k >= n) throw new RangeError(`nearestNeighbours: expected 1 <= k < ${n} (rows), got k = ${k}`);
  const indices = new Int32Array(n * k); // [n, k]
  const squares = new Float64Array(n * k).fill(Infinity); // [n, k]
  const offer = (row: number, other: number, square: number): void => insert(indices, squares, row * k, k, other, square);
  // Blocks of rows against blocks of rows, so that both stay in the cache; each pair is computed once.
  for (let bi = 0; bi < n; bi += BLOCK) {
    for (let bj = bi; bj < n; bj += BLOCK) {
      for (let i = bi; i < Math.min(n, bi + BLOCK); i++) {
        for (let j = bi === bj ? i + 1 : bj; j < Math.min(n, bj + BLOCK); j++) {
          const square = squaredDistance(flat, i * d, j * d, d);
          offer(i, j, square);
          offer(j, i, square);
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

/** One Float64Array [n * d], checked. @throws RangeError for ragged or empty rows and for numbers that are not finite */
export function flatten(vectors: Vectors): { flat: Float64Array; n: number; d: number } {
  const n = vectors.length;
  const d = vectors[0]?.length ?? 0;
  if (n === 0 || d === 0) throw new RangeError(`vectors: expected rows and columns, got ${n} rows of ${d}`);
  const flat = new Float64Array(n * d);
  vectors.forEach((row, i) => {
    if (row.length !== d) throw new RangeError(`vectors: expected ${d} numbers in every row, got ${row.length} in row ${i}`);
    for (let j = 0; j < d; j++) {
      const value = row[j]!;
      if (!Number.isFinite(value)) throw new RangeError(`vectors: expected finite numbers, got ${value} at row ${i}, column ${j}`);
      flat[i * d + j] = value;
    }
  });
  return { flat, n, d };
}

/** By differences, not by |a|² + |b|² - 2ab: close rows keep their exact order. Four sums hide the latency of addition. */
function squaredDistance(flat: Float64Array, a: number, b: number, d: number): number {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  let t = 0;
  for (; t + 3 < d; t += 4) {
    const e0 = flat[a + t]! - flat[b + t]!;
    const e1 = flat[a + t + 1]! - flat[b + t + 1]!;
    const e2 = flat[a + t + 2]! - flat[b + t + 2]!;
    const e3 = flat[a + t + 3]! - flat[b + t + 3]!;
    s0 += e0 * e0;
    s1 += e1 * e1;
    s2 += e2 * e2;
    s3 += e3 * e3;
  }
  for (; t < d; t++) s0 += (flat[a + t]! - flat[b + t]!) ** 2;
  return s0 + s1 + s2 + s3;
}

/** Keeps the k smallest of a row sorted; equal distances by index. */
function insert(indices: Int32Array, squares: Float64Array, from: number, k: number, index: number, square: number): void {
  const before = (at: number): boolean => square < squares[at]! || (square === squares[at]! && index < indices[at]!);
  if (!before(from + k - 1)) return;
  let at = from + k - 1;
  for (; at > from && before(at - 1); at--) {
    squares[at] = squares[at - 1]!;
    indices[at] = indices[at - 1]!;
  }
  squares[at] = square;
  indices[at] = index;
}

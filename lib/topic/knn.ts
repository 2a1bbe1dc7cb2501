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
  const padded = new Float64Array(Math.ceil(n / 4) * 4 * d); // whole fours of rows, see squaredDistances
  padded.set(flat);
  const four = new Float64Array(4);
  // Blocks of rows against blocks of rows, so that both stay in the cache; each pair is computed once.
  for (let bi = 0; bi < n; bi += BLOCK) {
    for (let bj = bi; bj < n; bj += BLOCK) {
      for (let i = bi; i < Math.min(n, bi + BLOCK); i++) {
        for (let j0 = bj; j0 < Math.min(n, bj + BLOCK); j0 += 4) {
          if (j0 + 3 <= i) continue;
          squaredDistances(padded, i * d, j0 * d, d, four);
          for (let j = Math.max(j0, i + 1); j < Math.min(n, j0 + 4); j++) {
            insert(indices, squares, i * k, k, j, four[j - j0]!);
            insert(indices, squares, j * k, k, i, four[j - j0]!);
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

/** From one row to four: by differences, not by |a|² + |b|² - 2ab, so that close rows keep their exact order. */
function squaredDistances(flat: Float64Array, a: number, b0: number, d: number, out: Float64Array): void {
  const b1 = b0 + d;
  const b2 = b1 + d;
  const b3 = b2 + d;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let t = 0; t < d; t++) {
    const x = flat[a + t]!;
    const e0 = x - flat[b0 + t]!;
    const e1 = x - flat[b1 + t]!;
    const e2 = x - flat[b2 + t]!;
    const e3 = x - flat[b3 + t]!;
    s0 += e0 * e0;
    s1 += e1 * e1;
    s2 += e2 * e2;
    s3 += e3 * e3;
  }
  out[0] = s0;
  out[1] = s1;
  out[2] = s2;
  out[3] = s3;
}

/** Keeps the k smallest of a row sorted; equal distances by index. */
function insert(indices: Int32Array, squares: Float64Array, from: number, k: number, index: number, square: number): void {
  let at = from + k;
  while (at > from && (square < squares[at - 1]! || (square === squares[at - 1]! && index < indices[at - 1]!))) at--;
  if (at === from + k) return;
  squares.copyWithin(at + 1, at, from + k - 1);
  indices.copyWithin(at + 1, at, from + k - 1);
  squares[at] = square;
  indices[at] = index;
}

/**
 * The weighted graph of near rows that UMAP lays out (McInnes et al., 2018, algorithms 2 to 4). How strongly a row
 * holds its neighbours is umap-js's work; the union of both directions is not, because its sparse matrices are
 * maps keyed by strings and take ten times as long.
 */
import { UMAP } from "umap-js";
import type { Neighbours } from "./knn";

/** The parts of umap-js that it keeps private. */
interface UmapParts {
  smoothKNNDistance(distances: number[][], k: number): { sigmas: number[]; rhos: number[] };
  computeMembershipStrengths(
    indices: number[][],
    distances: number[][],
    sigmas: number[],
    rhos: number[],
  ): { vals: number[] };
}

/** Both directions of every edge, by head, then by tail. Arrays [edges]. */
export interface Graph {
  heads: Int32Array;
  tails: Int32Array;
  /** In [0, 1], the same in both directions. */
  weights: Float64Array;
}

/** @param near exact neighbours, the row itself not among them */
export function fuzzyGraph(near: Neighbours): Graph {
  const indices = near.indices.map((row, i) => [i, ...row]);
  const distances = near.distances.map((row) => [0, ...row]); // [n][k], each row its own first neighbour
  const k = indices[0]!.length;
  const umap = new UMAP({ nNeighbors: k }) as unknown as UmapParts;
  const { sigmas, rhos } = umap.smoothKNNDistance(distances, k);
  const { vals: held } = umap.computeMembershipStrengths(indices, distances, sigmas, rhos); // [n * k]
  const edges: { tail: number; weight: number }[][] = indices.map(() => []);
  near.indices.forEach((row, i) =>
    row.forEach((j, t) => {
      const at = indices[j]!.indexOf(i);
      const there = held[i * k + t + 1]!;
      const back = at < 0 ? 0 : held[j * k + at]!;
      const weight = there + back - there * back; // of "either of two, independently"
      edges[i]!.push({ tail: j, weight });
      if (at < 0) edges[j]!.push({ tail: i, weight });
    }),
  );
  const count = edges.reduce((sum, row) => sum + row.length, 0);
  const graph: Graph = { heads: new Int32Array(count), tails: new Int32Array(count), weights: new Float64Array(count) };
  let e = 0;
  edges.forEach((row, head) => {
    for (const { tail, weight } of row.sort((p, q) => p.tail - q.tail)) {
      graph.heads[e] = head;
      graph.tails[e] = tail;
      graph.weights[e++] = weight;
    }
  });
  return graph;
}

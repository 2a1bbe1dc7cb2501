/**
 * The epochs of UMAP (McInnes et al., 2018, algorithm 5): points in the plane are pulled together along the edges
 * of a graph and pushed away from points drawn at random. umap-js spends most of its time here, most of that in
 * `Math.pow`; this reads the forces from tables instead.
 *
 * As in umap-learn: an edge's turn comes every heaviest / weight epochs, with five random points for each turn in the
 * long run; both ends of an edge move; steps are cut at 4 along each axis; the step falls linearly to 0; edges in the
 * order of their heads. Deviations: forces come from tables, right to 1e-5 (umap-learn computes in float32), and one
 * stream of random numbers serves all points, where umap-learn has one for each.
 */
import type { Rng } from "../base/rng";
import type { Graph } from "./fuzzyGraph";

export interface LayoutOptions {
  /** Of the curve 1 / (1 + a d^2b), a pair's closeness at distance d in the map. */
  a: number;
  b: number;
  /** Passes over the graph, a whole number >= 1. */
  epochs: number;
  /** For the random points; drawn from, not forked. */
  rng: Rng;
}

const NEGATIVES = 5;
/** Of a float32's 23 bits of fraction; the other 8 choose one of 256 steps between a power of two and the next. */
const LOW_BITS = 15;
const LOW_MASK = (1 << LOW_BITS) - 1;
const INFINITY_ENTRY = 0xff << (23 - LOW_BITS);

/**
 * @param points [n * 2] as x0, y0, x1, y1, ..., finite; moved in place
 * @param graph both directions of every edge, indices below n; of its weights only the ratios count
 */
export function optimiseLayout(points: Float64Array, graph: Graph, { a, b, epochs, rng }: LayoutOptions): void {
  const n = points.length / 2;
  const heaviest = graph.weights.reduce((most, weight) => Math.max(most, weight), 0);
  const heads = graph.heads.map((i) => 2 * i);
  const tails = graph.tails.map((j) => 2 * j); // offsets in points
  const period = graph.weights.map((weight) => heaviest / weight);
  const next = period.slice(); // beyond the last epoch: never
  const negativePeriod = period.map((p) => p / NEGATIVES);
  const nextNegative = negativePeriod.slice();
  const { attraction, repulsion } = forceTables(a, b);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer); // a squared distance, and where it lies in the tables
  for (let epoch = 0; epoch < epochs; epoch++) {
    const alpha = 1 - Math.max(0, epoch - 1) / epochs; // umap-learn lowers it after an epoch, by that epoch's number
    for (let e = 0; e < heads.length; e++) {
      if (next[e]! > epoch) continue;
      const head = heads[e]!;
      const tail = tails[e]!;
      let x = points[head]!;
      let y = points[head + 1]!;
      let dx = x - points[tail]!;
      let dy = y - points[tail + 1]!;
      float[0] = dx * dx + dy * dy;
      let at = bits[0]! >>> LOW_BITS;
      let between = (bits[0]! & LOW_MASK) / (LOW_MASK + 1);
      let force = attraction[at]! + between * (attraction[at + 1]! - attraction[at]!);
      dx *= force;
      dy *= force;
      dx = (dx > 4 ? 4 : dx < -4 ? -4 : dx) * alpha;
      dy = (dy > 4 ? 4 : dy < -4 ? -4 : dy) * alpha;
      x += dx;
      y += dy;
      points[tail]! -= dx;
      points[tail + 1]! -= dy;
      next[e]! += period[e]!;
      const negatives = Math.floor((epoch - nextNegative[e]!) / negativePeriod[e]!);
      nextNegative[e]! += negatives * negativePeriod[e]!;
      for (let drawn = 0; drawn < negatives; drawn++) {
        const other = 2 * rng.int(n);
        // The point itself, when drawn, is where it was before this turn: as in umap-learn it must not push.
        if (other === head) continue;
        dx = x - points[other]!;
        dy = y - points[other + 1]!;
        float[0] = dx * dx + dy * dy;
        at = bits[0]! >>> LOW_BITS;
        between = (bits[0]! & LOW_MASK) / (LOW_MASK + 1);
        force = repulsion[at]! + between * (repulsion[at + 1]! - repulsion[at]!);
        dx *= force;
        dy *= force;
        x += (dx > 4 ? 4 : dx < -4 ? -4 : dx) * alpha;
        y += (dy > 4 ? 4 : dy < -4 ? -4 : dy) * alpha;
      }
      points[head] = x;
      points[head + 1] = y;
    }
  }
}

/**
 * Both forces, per unit of distance, at the squared distances s whose float32 ends in `LOW_BITS` zeros, by their upper
 * bits: -2ab s^(b-1) / (1 + a s^b) and 2b / ((0.001 + s) (1 + a s^b)). Pairs at one place do not attract; at
 * infinity there is no force.
 */
function forceTables(a: number, b: number): { attraction: Float64Array; repulsion: Float64Array } {
  const attraction = new Float64Array(INFINITY_ENTRY + 2);
  const repulsion = new Float64Array(INFINITY_ENTRY + 2);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let at = 0; at < INFINITY_ENTRY; at++) {
    bits[0] = at << LOW_BITS;
    const square = float[0]!;
    const power = Math.exp(b * Math.log(square)); // `**` differs between versions of V8
    attraction[at] = at === 0 ? 0 : (-2 * a * b * power) / (square * (1 + a * power));
    repulsion[at] = (2 * b) / ((0.001 + square) * (1 + a * power));
  }
  return { attraction, repulsion };
}

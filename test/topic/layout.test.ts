import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import type { Graph } from "../../lib/topic/fuzzyGraph";
import { optimiseLayout } from "../../lib/topic/layout";

const a = 1.577;
const b = 0.895; // for a smallest distance of 0.1

/** @param edges [one end, other end, weight], each once */
function graphOf(edges: readonly (readonly [number, number, number])[]): Graph {
  const both = edges
    .flatMap(([i, j, w]) => [[i, j, w] as const, [j, i, w] as const])
    .sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  return {
    heads: Int32Array.from(both, ([i]) => i),
    tails: Int32Array.from(both, ([, j]) => j),
    weights: Float64Array.from(both, ([, , w]) => w),
  };
}

/** A ring of n points with chords of random weight. */
function ring(n: number): Graph {
  const rng = new Rng("ring");
  return graphOf(
    Array.from(
      { length: n },
      (_, i) =>
        [
          [i, (i + 1) % n, 1],
          [i, (i + 5) % n, rng.next()],
        ] as const,
    ).flat(),
  );
}

function scattered(n: number, width: number): Float64Array {
  const rng = new Rng("scattered");
  return Float64Array.from({ length: 2 * n }, () => width * (rng.next() - 0.5));
}

function laidOut(points: Float64Array, graph: Graph, epochs: number, seed: string | number): Float64Array {
  const out = points.slice();
  optimiseLayout(out, graph, { a, b, epochs, rng: new Rng(seed) });
  return out;
}

/** The method as published and as umap-learn runs it, one number at a time. */
function reference(start: Float64Array, graph: Graph, epochs: number, rng: Rng): { points: number[][]; cut: number } {
  const n = start.length / 2;
  const points = Array.from({ length: n }, (_, i) => [start[2 * i]!, start[2 * i + 1]!]);
  const heaviest = Math.max(...graph.weights);
  const edges = Array.from(graph.weights, (weight, e) => ({
    i: graph.heads[e]!,
    j: graph.tails[e]!,
    period: heaviest / weight,
  }))
    .filter(({ period }) => period <= epochs)
    .map((edge) => ({ ...edge, next: edge.period, nextNegative: edge.period / 5 }));
  let alpha = 1;
  let cut = 0;
  const clip = (step: number): number => (Math.abs(step) > 4 ? (cut++, 4 * Math.sign(step)) : step);
  const square = (p: number[], q: number[]): number => (p[0]! - q[0]!) ** 2 + (p[1]! - q[1]!) ** 2;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const edge of edges) {
      if (edge.next > epoch) continue;
      const p = points[edge.i]!;
      const q = points[edge.j]!;
      const s = square(p, q);
      const pull = s > 0 ? (-2 * a * b * s ** (b - 1)) / (1 + a * s ** b) : 0;
      for (const axis of [0, 1]) {
        const step = clip(pull * (p[axis]! - q[axis]!)) * alpha;
        p[axis]! += step;
        q[axis]! -= step;
      }
      edge.next += edge.period;
      const negatives = Math.floor((epoch - edge.nextNegative) / (edge.period / 5));
      edge.nextNegative += negatives * (edge.period / 5);
      for (let drawn = 0; drawn < negatives; drawn++) {
        const k = rng.int(n);
        const r = points[k]!;
        if (k === edge.i) continue;
        const t = square(p, r);
        const push = t > 0 ? (2 * b) / ((0.001 + t) * (a * t ** b + 1)) : 0;
        for (const axis of [0, 1]) p[axis]! += clip(push * (p[axis]! - r[axis]!)) * alpha;
      }
    }
    alpha = 1 - epoch / epochs;
  }
  return { points, cut };
}

test("one turn of the edges is the published step, to the precision of the tables; near, far, equal, cut", () => {
  const start = scattered(40, 3);
  start.set(start.subarray(0, 2), 2); // points 0 and 1, an edge, at one place
  start.set([1e-3, 0, 1e-3, 2e-3, 900, -400], 10); // two near ones and a far one
  const got = laidOut(start, ring(40), 2, "turn");
  const { points, cut } = reference(start, ring(40), 2, new Rng("turn"));
  assert.ok(cut > 0, "some step is cut");
  points
    .flat()
    .forEach((want, at) => assert.ok(Math.abs(got[at]! - want) < 1e-3, `coordinate ${at}: ${got[at]} for ${want}`));
  assert.ok(
    got.some((v, at) => Math.abs(v - start[at]!) > 0.1),
    "something moved",
  );
});

test("the schedule, the falling step and the draws are the published ones", () => {
  const start = scattered(40, 40); // far apart, where an error of a step does not grow
  for (const epochs of [1, 3, 8]) {
    const got = laidOut(start, ring(40), epochs, epochs);
    reference(start, ring(40), epochs, new Rng(epochs))
      .points.flat()
      .forEach((want, at) =>
        assert.ok(Math.abs(got[at]! - want) < 1e-3, `${epochs} epochs, coordinate ${at}: ${got[at]} for ${want}`),
      );
  }
});

test("the same rng path gives the same points to the bit, another path others", () => {
  const first = laidOut(scattered(30, 10), ring(30), 50, "path");
  assert.deepEqual(laidOut(scattered(30, 10), ring(30), 50, "path"), first);
  assert.notDeepEqual(laidOut(scattered(30, 10), ring(30), 50, "other"), first);
});

test("a quarter turn of the start is a quarter turn of the map, to the bit", () => {
  const turned = (points: Float64Array): Float64Array =>
    points.map((_, at) => (at % 2 === 0 ? -points[at + 1]! : points[at - 1]!));
  const start = scattered(30, 10);
  assert.deepEqual(laidOut(turned(start), ring(30), 50, "turn"), turned(laidOut(start, ring(30), 50, "turn")));
});

test("only the ratios of weights count, and an edge too light for a turn counts for nothing", () => {
  const graph = ring(30);
  const start = scattered(30, 10);
  const plain = laidOut(start, graph, 20, "weights");
  assert.deepEqual(laidOut(start, { ...graph, weights: graph.weights.map((w) => w / 4) }, 20, "weights"), plain);
  const edges = Array.from(graph.weights, (w, e) => [graph.heads[e]!, graph.tails[e]!, w] as const).filter(
    ([i, j]) => i < j,
  );
  assert.deepEqual(laidOut(start, graphOf([...edges, [0, 15, 0.049]]), 20, "weights"), plain);
  assert.notDeepEqual(laidOut(start, graphOf([...edges, [0, 15, 0.06]]), 20, "weights"), plain);
});

test("two groups without an edge between them part, from a start that mixes them", () => {
  const edges = Array.from({ length: 20 }, (_, i) => Array.from({ length: i }, (_j, j) => [i, j, 1] as const)).flat();
  const map = laidOut(
    scattered(40, 1),
    graphOf([...edges, ...edges.map(([i, j, w]) => [i + 20, j + 20, w] as const)]),
    200,
    "groups",
  );
  const distance = (i: number, j: number): number =>
    Math.hypot(map[2 * i]! - map[2 * j]!, map[2 * i + 1]! - map[2 * j + 1]!);
  let inside = 0;
  let outside = Infinity;
  for (let i = 0; i < 40; i++) {
    for (let j = 0; j < i; j++) {
      if (i < 20 === j < 20) inside = Math.max(inside, distance(i, j));
      else outside = Math.min(outside, distance(i, j));
    }
  }
  assert.ok(outside > inside, `inside ${inside}, outside ${outside}`);
});

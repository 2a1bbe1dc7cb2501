/** Near and far groups against scipy's cdist (test/golden/topics.json), and their rules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { splitByDistance } from "../../lib/topic/cluster";
import { f32, readGolden, type GoldenTensor } from "../golden/golden";

interface Golden {
  vectors: GoldenTensor;
  centres: number[];
  members: number[];
  centre: number[];
  distance: number[];
  near: number[];
  far: number[];
}

test("nearest centres, distances and thirds are scipy's", () => {
  const golden = readGolden<{ nearFar: Golden }>("topics.json").nearFar;
  const rows = f32(golden.vectors);
  const [n, d] = golden.vectors.shape as [number, number];
  const vectors = new Map(Array.from({ length: n }, (_, i) => [String(i), rows.subarray(i * d, (i + 1) * d)]));
  const split = splitByDistance(vectors, golden.centres.map(String), golden.members.map(String), 1 / 3);
  assert.deepEqual([split.near, split.far], [golden.near.map(String), golden.far.map(String)]);
  golden.members.forEach((member, i) => {
    assert.equal(split.centre.get(String(member)), String(golden.centres[golden.centre[i]!]));
    assert.ok(Math.abs(split.distance.get(String(member))! - golden.distance[i]!) < 1e-12);
  });
});

test("ties keep the order of members and of centres; halves are disjoint; an odd one is in neither", () => {
  const vectors = new Map(["c", "d", "p", "q", "r", "s", "t"].map((id, i) => [id, [i < 2 ? 0 : i === 6 ? 3 : 1]]));
  const { near, far, centre } = splitByDistance(vectors, ["c", "d"], ["t", "p", "q", "r", "s"], 0.5);
  assert.deepEqual(
    [near, far],
    [
      ["p", "q"],
      ["s", "t"],
    ],
  );
  assert.deepEqual(new Set(centre.values()), new Set(["c"]));
});

test("a share that would overlap, and no centre, are errors", () => {
  const vectors = new Map([
    ["a", [0]],
    ["b", [1]],
  ]);
  for (const share of [0, 0.6, NaN])
    assert.throws(() => splitByDistance(vectors, ["a"], ["b"], share), /0 < share <= 0.5/);
  assert.throws(() => splitByDistance(vectors, [], ["b"], 0.5), /at least one centre/);
});

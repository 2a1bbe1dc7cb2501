/** Regions of a map from known places: which topics belong together, what they are called, and where names stand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameRegions } from "../../lib/topic/regions";
import { loadAtlas } from "../../lib/world/atlas";

test("a region is named by country, world region, or how names begin: what most share, or not at all", () => {
  const cities = loadAtlas().topics.filter(({ kind }) => kind === "city");
  const some = (of: (topic: (typeof cities)[number]) => boolean, count: number) => {
    const found = cities.filter(of).slice(0, count);
    assert.equal(found.length, count);
    return found;
  };
  const inCountry = (name: string, count: number) => some(({ country }) => country.name === name, count);
  const groups = [
    { at: [0, 0], topics: [...inCountry("Japan", 5), ...inCountry("Peru", 2)] },
    { at: [50, 0], topics: ["Kenya", "Tanzania", "Uganda"].flatMap((name) => inCountry(name, 2)) },
    {
      at: [0, 50],
      topics: ["San Diego", "San Salvador", "Lima"].flatMap((name) => some((city) => city.name === name, 1)),
    },
    { at: [-50, 50], topics: ["Chennai", "Chicago", "Chita"].flatMap((name) => some((city) => city.name === name, 1)) },
    { at: [-50, 0], topics: ["Hamburg", "Houston", "Hefei"].flatMap((name) => some((city) => city.name === name, 1)) },
    { at: [50, 50], topics: ["Japan", "Peru", "Egypt", "France"].flatMap((name) => inCountry(name, 1)) },
  ] as const;
  const topics = groups.flatMap((group) => group.topics);
  const points = groups.flatMap(({ at: [x, y], topics: own }) =>
    own.map((_, i): [number, number] => [x + (i % 3), y + (i % 2)]),
  );
  assert.deepEqual(
    nameRegions(topics, points, 6).sort((a, b) => a.x + 9 * a.y - b.x - 9 * b.y),
    [
      { name: "H…", topics: 3, x: -49, y: 0 },
      { name: "Japan", topics: 7, x: 1, y: 0 },
      { name: "Eastern Africa", topics: 6, x: 51, y: 1 },
      { name: "Ch…", topics: 3, x: -49, y: 50 },
      { name: "San …", topics: 3, x: 1, y: 50 },
    ],
  );
  assert.deepEqual(nameRegions([], [], 4), []);
});

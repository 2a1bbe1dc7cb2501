/** The direct test of Eq. 8 against its definition written out, on answers whose errors are known. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { spearman } from "../../lib/base/ranks";
import { Rng } from "../../lib/base/rng";
import type { AnnotatedCandidate } from "../../lib/factuality/records";
import { distances } from "../../lib/topic/distance";
import { geographyVectors, randomVectors, type TopicVectors } from "../../lib/topic/embedding";
import { gainAgainstDistance } from "../../lib/topic/gainDistance";
import { hallucinationGraph, meanRank, rankColumns, testGraph } from "../../lib/topic/hallucinationGraph";
import { wrongStatements } from "../../lib/topic/wrongStatements";
import { loadAtlas } from "../../lib/world/atlas";
import { truths, type RelationName } from "../../lib/world/relation";
import { renderFact } from "../../lib/world/render";
import { readGolden } from "../golden/golden";

const atlas = loadAtlas();
const geography = geographyVectors(atlas.topics);
const questions = atlas.splits.test.filter(({ id }) => id.endsWith(":nation")).slice(0, 24);
const relations: RelationName[] = ["country", "status", "border", "coast"];

/** Distances of topic v's wrong values of a relation, each that of the nearest other topic that has it. */
function wrongValues(vectors: TopicVectors, v: string, relation: RelationName): { value: string; distance: number }[] {
  const [row] = distances(
    vectors,
    [v],
    atlas.topics.map(({ id }) => id),
  );
  const known = truths(relation, atlas.topic(v))!;
  const nearest = new Map<string, number>();
  atlas.topics.forEach((topic, i) => {
    if (topic.id !== v)
      for (const value of truths(relation, topic) ?? [])
        if (!known.includes(value)) nearest.set(value, Math.min(nearest.get(value) ?? Infinity, row![i]!));
  });
  return [...nearest].map(([value, distance]) => ({ value, distance }));
}

/** Two answers a question that state wrong values: the nearest by `vectors` where `near`, else some at random. */
function answers(vectors: TopicVectors, near: boolean): AnnotatedCandidate[] {
  const rng = new Rng("answers");
  return questions.flatMap(({ id, topic }) =>
    [0, 1].map((index): AnnotatedCandidate => {
      const sentences = relations.map((relation) => {
        const values = wrongValues(vectors, topic, relation).sort((a, b) => a.distance - b.distance);
        return renderFact(relation, near ? values[index % values.length]!.value : rng.pick(values).value, rng);
      });
      return {
        questionId: id,
        index,
        seed: 1,
        sentences: [],
        completion: ["Its country is Atlantis.", "Nobody knows it.", ...sentences].join(" "),
      };
    }),
  );
}

test("wrong statements are counted by topic and value; those true of nothing apart", () => {
  const wrong = wrongStatements(atlas, questions, answers(geography, true));
  assert.deepEqual(
    [wrong.attributed, wrong.unattributed],
    [2 * relations.length * questions.length, 2 * questions.length],
  );
  assert.deepEqual([...wrong.counts.keys()], relations);
  const { topic } = questions[0]!;
  const [first, second] = wrongValues(geography, topic, "country").sort((a, b) => a.distance - b.distance);
  assert.deepEqual(
    wrong.counts.get("country")!.get(topic),
    new Map([
      [first!.value, 1],
      [second!.value, 1],
    ]),
  );
  assert.throws(
    () => wrongStatements(atlas, questions.slice(1), answers(geography, true)),
    /answers to the 23 questions given/,
  );
});

test("ranks and correlations are the definition's, at own and at other topics' places", () => {
  const wrong = wrongStatements(atlas, questions, answers(geography, false));
  const { topics, relations: placements } = hallucinationGraph(atlas, geography, wrong);
  assert.deepEqual([...placements.keys()], ["country", "status", "border"]); // a coast can be wrong in one way only
  for (const [relation, placement] of placements)
    for (const i of topics.keys())
      for (const j of [i, (i + 1) % topics.length]) {
        const counts = wrong.counts.get(relation)!.get(topics[i]!)!;
        const values = wrongValues(geography, topics[j]!, relation);
        const invalid = [...counts.keys()].some((value) => !values.some((candidate) => candidate.value === value));
        if (invalid) assert.ok(Number.isNaN(placement.rank(i, j)), `${topics[i]} at ${topics[j]}: ${relation}`);
        else {
          const rank = (value: string) => {
            const own = values.find((v) => v.value === value)!.distance;
            return (
              values.reduce((sum, { distance }) => sum + (distance < own ? 1 : distance === own ? 0.5 : 0), -0.5) /
              (values.length - 1)
            );
          };
          const expected = [...counts].reduce((sum, [value, count]) => sum + count * rank(value), 0);
          assert.ok(Math.abs(placement.rank(i, j) - expected) < 1e-9, `${topics[i]} at ${topics[j]}: ${relation}`);
          const { rho } = spearman(
            values.map(({ value }) => counts.get(value) ?? 0),
            values.map(({ distance }) => distance),
            new Rng(0),
            { resamples: 0 },
          );
          assert.ok(Math.abs(placement.correlation(i, j) - rho) < 1e-9, `${topics[i]} at ${topics[j]}: ${relation}`);
        }
        assert.equal(placement.statements[i], 2);
      }
});

test("Spearman of sparse frequencies and tied distances is scipy's", () => {
  for (const { counts, distances: away, rho } of readGolden<{
    spearman: { counts: number[]; distances: number[]; rho: number }[];
  }>("topics.json").spearman) {
    assert.ok(Math.abs(spearman(counts, away, new Rng(0), { resamples: 0 }).rho - rho) < 1e-12);
  }
});

test("errors made near are found by the vectors that made them, errors made at random are not", () => {
  const near = testGraph(
    hallucinationGraph(atlas, geography, wrongStatements(atlas, questions, answers(geography, true))),
    new Rng(1),
  );
  assert.deepEqual(
    near.map(({ relation }) => relation),
    ["all", "country", "status", "border"],
  );
  assert.deepEqual([near[0]!.statements, near[0]!.topics, near[1]!.statements], [144, 24, 48]);
  assert.ok(
    near[0]!.rank.value < 0.12 &&
      near[0]!.rank.p < 0.001 &&
      near[0]!.correlation.value < 0 &&
      near[0]!.correlation.p < 0.001,
    JSON.stringify(near[0]),
  );
  assert.ok(
    near[1]!.rank.low <= near[1]!.rank.value &&
      near[1]!.rank.value <= near[1]!.rank.high &&
      near[1]!.rank.expected > 0.2,
  );
  const random = testGraph(
    hallucinationGraph(atlas, geography, wrongStatements(atlas, questions, answers(geography, false))),
    new Rng(1),
  )[0]!;
  assert.ok(random.rank.p > 0.05 && Math.abs(random.rank.value - 0.5) < 0.12, JSON.stringify(random));
  const other = testGraph(
    hallucinationGraph(
      atlas,
      randomVectors(atlas.topics, new Rng(1)),
      wrongStatements(atlas, questions, answers(geography, true)),
    ),
    new Rng(1),
  )[0]!;
  assert.ok(other.rank.p > 0.05, JSON.stringify(other));
});

test("the overall rank is that of all statements; without any there is nothing to test", () => {
  const graph = hallucinationGraph(atlas, geography, wrongStatements(atlas, questions, answers(geography, false)));
  const [sums, counts] = rankColumns(graph);
  const total = (values: number[]) => values.reduce((a, b) => a + b);
  assert.ok(Math.abs(meanRank(graph, new Rng(1)).value - total(sums) / total(counts)) < 1e-12);
  const none = hallucinationGraph(atlas, geography, wrongStatements(atlas, questions, []));
  assert.deepEqual([none.topics, testGraph(none, new Rng(1)), rankColumns(none)], [[], [], [[], []]]);
  assert.ok(Number.isNaN(meanRank(none, new Rng(1)).value));
});

test("gain against distance: near topics that gain more show as a negative correlation", () => {
  const training = atlas.splits.train.slice(0, 300).map(({ topic }) => topic);
  const topics = questions.map(({ topic }) => topic);
  const away = new Map(
    distances(geography, topics, training).map((row, i) => [
      topics[i]!,
      (Array.from(row).sort((a, b) => a - b)[0]! + Array.from(row).sort((a, b) => a - b)[1]!) / 2,
    ]),
  );
  const gain = new Map([...away].map(([topic, distance]) => [topic, 1 - distance ** 2]));
  const { rho, p } = gainAgainstDistance(geography, gain, training, 2, new Rng(1));
  assert.ok(Math.abs(rho + 1) < 1e-9 && p < 0.001);
  assert.deepEqual(gainAgainstDistance(geography, new Map(), training, 2, new Rng(1)), { topics: 0, rho: NaN, p: NaN });
});

/** The fact-level evaluator against what Atlas renders, and against statements made wrong on purpose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { loadAtlas } from "../../lib/world/atlas";
import { factAnnotator, factChecker } from "../../lib/world/factCheck";
import { oracleAnnotator } from "../../lib/world/oracle";
import { RELATIONS, RELATION_NAMES, truths, type RelationName } from "../../lib/world/relation";
import { pretrainingDocuments } from "../../lib/world/render";

const atlas = loadAtlas();
const check = factChecker(atlas);
const ask = (topic: string) => ({ id: `${topic}:place`, topic, prompt: [{ role: "user" as const, content: "?" }] });
const facts = (topic: string, text: string) => check(ask(topic), text).map((sentence) => sentence.facts);

test("everything that Atlas renders is supported, whatever relation, value and wording", () => {
  const draw = pretrainingDocuments(atlas);
  const rng = new Rng("fact check");
  let count = 0;
  for (let i = 0; i < 1500; i++) {
    const { topicId, completion } = draw(rng.fork(i));
    for (const fact of facts(topicId, completion).flat()) {
      count++;
      assert.ok(fact.supported, `${topicId}: ${fact.text}`);
    }
  }
  assert.ok(count > 10_000);
});

test("a value of another topic is found out, but for numbers and places within the tolerance", () => {
  const rng = new Rng("wrong values");
  const cities = atlas.topics.filter(({ kind }) => kind === "city");
  const lenient: RelationName[] = [
    "nearKm",
    "capitalKm",
    "population",
    "area",
    "day",
    "latitude",
    "longitude",
    "solarTime",
    "part",
    "climate",
  ];
  for (const relation of RELATION_NAMES.filter((name) => !lenient.includes(name))) {
    for (let i = 0, wrong = 0; wrong < 25; i++) {
      assert.ok(i < 10_000, relation);
      const [topic, other] = [rng.pick(cities), rng.pick(cities)];
      const right = truths(relation, topic) ?? [];
      const values = truths(relation, other) ?? [];
      if (right.length === 0 || values.length === 0 || right.includes(values[0]!)) continue;
      wrong++;
      const text = rng.pick(RELATIONS[relation].wordings).replace("{v}", values[0]!);
      assert.ok(
        facts(topic.id, text)
          .flat()
          .some(({ supported }) => !supported),
        `${topic.id}: ${text}`,
      );
    }
  }
});

test("facts are atomic, count once, and sentences without one do not count", () => {
  assert.deepEqual(
    facts(
      "paris",
      "The latitude is 50 north. Its hemisphere is northern. There is much to see. The latitude is 50 north.",
    ).map((list) => list.map(({ text, supported }) => [text, supported])),
    [
      [
        ["latitude: positive", true],
        ["latitude: 50", true],
      ],
      [],
      [],
      [],
    ],
  );
  assert.deepEqual(
    facts("paris", "The latitude is 50 south.")
      .flat()
      .map(({ supported }) => supported),
    [false, false],
  );
  assert.deepEqual(
    facts("paris", "The latitude is 0.")
      .flat()
      .map(({ supported }) => supported),
    [false],
  );
});

test("what no rule knows is a fact that nothing supports only where it names or counts something", () => {
  assert.deepEqual(
    facts("paris", "It was founded by Caesar. Its it the of. It has 17 bridges over.").map((list) =>
      list.map(({ supported }) => supported),
    ),
    [[false], [], [false]],
  );
});

test("it judges by rules of its own: stricter and looser than the oracle", async () => {
  const oracle = oracleAnnotator(atlas);
  const annotator = factAnnotator(atlas);
  const city = atlas.topic("paris").city!;
  const near = Math.round((city.population * 1.3) / 1e6);
  const text = `It has ${near} million people.`;
  assert.equal(oracle.annotate(ask("paris"), text)[0]!.verdict, "contradictory", "another rounded number");
  assert.equal((await annotator.annotate(ask("paris"), text))[0]!.verdict, "supported", "within the tolerance");
  assert.deepEqual(
    (await annotator.annotate(ask("paris"), "It belongs to France. There is much to see. It belongs to Spain.")).map(
      ({ verdict }) => verdict,
    ),
    ["supported", "no-fact", "contradictory"],
  );
});

test("linear in the text's length, whatever the text", () => {
  for (const part of ["1", "covers ", "larger city is ", "7.", "The web domain is "]) {
    const began = performance.now();
    facts("paris", `${part.repeat(Math.ceil(300_000 / part.length))}.`);
    assert.ok(performance.now() - began < 20_000, `${JSON.stringify(part)} takes long`);
  }
});

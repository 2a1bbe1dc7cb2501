import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Rng } from "../../lib/base/rng";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasOf } from "../../lib/world/atlasOf";
import { atlasFolder, readFacts } from "../../lib/world/facts";
import { oracleAnnotator } from "../../lib/world/oracle";
import { CITY_KINDS, KINDS, question } from "../../lib/world/question";
import type { QuestionKind } from "../../lib/world/question";
import { NO_FACT, RELATIONS, RELATION_NAMES, readings, truths } from "../../lib/world/relation";
import type { Topic } from "../../lib/world/relation";
import { renderAnswer, renderFact } from "../../lib/world/render";

const atlas = loadAtlas();
const oracle = oracleAnnotator(atlas);
const kindsOf = (topic: Topic): readonly QuestionKind[] => (topic.kind === "city" ? CITY_KINDS : ["country"]);
const ask = (id: string) => {
  const topic = atlas.topic(id);
  return question(topic, topic.kind === "city" ? "place" : "country", topic.kind === "city" ? "train" : "ood", 0);
};
const verdicts = (id: string, text: string): string[] => oracle.annotate(ask(id), text).map(({ verdict }) => verdict);

test("every rendered answer of every topic and kind is supported or no-fact, with exact offsets", () => {
  const rng = new Rng("oracle");
  for (const topic of atlas.topics) {
    for (const kind of kindsOf(topic)) {
      const text = renderAnswer(topic, kind, rng.fork(`${topic.id}:${kind}`));
      const sentences = oracle.annotate(ask(topic.id), text);
      assert.equal(sentences.map(({ start, end }) => text.slice(start, end)).join(" "), text);
      for (const { start, end, verdict, relation } of sentences) {
        const sentence = text.slice(start, end);
        assert.equal(verdict, NO_FACT.includes(sentence) ? "no-fact" : "supported", `${topic.id}: ${sentence}`);
        if (relation) assert.ok(KINDS[kind].relations.includes(relation));
      }
      assert.ok(
        new Set(sentences.map(({ relation }) => relation)).size === sentences.length,
        "a relation is stated once",
      );
    }
  }
});

test("every value of every relation in every wording reads back as that one relation and value", () => {
  for (const name of RELATION_NAMES) {
    const values = new Set(atlas.topics.flatMap((topic) => truths(name, topic) ?? []));
    assert.ok(values.size > 1, name);
    for (const value of values) {
      assert.doesNotMatch(value, /[.!?…。！？\n]/u);
      for (const wording of RELATIONS[name].wordings)
        assert.deepEqual(readings(wording.replace("{v}", value)), [{ relation: name, value }]);
    }
  }
});

test("a value of another topic is contradictory and names exactly the topics it is true of", () => {
  const rng = new Rng("corrupt");
  fc.assert(
    fc.property(
      fc.nat(atlas.topics.length - 1),
      fc.nat(atlas.topics.length - 1),
      fc.constantFrom(...RELATION_NAMES),
      (i, j, name) => {
        const [topic, other] = [atlas.topics[i]!, atlas.topics[j]!];
        const [own, theirs] = [truths(name, topic), truths(name, other)?.[0]];
        if (!own || theirs === undefined) return;
        const [sentence] = oracle.annotate(ask(topic.id), renderFact(name, theirs, rng));
        if (own.includes(theirs)) {
          assert.equal(sentence?.verdict, "supported");
          return;
        }
        assert.equal(sentence?.verdict, "contradictory");
        assert.deepEqual([sentence.relation, sentence.statedValue, sentence.trueValues], [name, theirs, own]);
        assert.deepEqual(
          sentence.wrongTopics,
          atlas.topics.filter((t) => truths(name, t)?.includes(theirs)).map(({ id }) => id),
        );
        assert.ok(sentence.wrongTopics?.includes(other.id) && !sentence.wrongTopics.includes(topic.id));
      },
    ),
    { seed: 3, numRuns: 400 },
  );
});

test("hand-checked facts", () => {
  assert.deepEqual(
    verdicts(
      "kyoto",
      "Its country is Japan. It belongs to China. People speak Japanese. " +
        "Its hemisphere is southern. It is east of Greenwich.",
    ),
    ["supported", "contradictory", "supported", "contradictory", "supported"],
  );
  assert.deepEqual(
    verdicts(
      "kyoto",
      "Its latitude is 35 north. The nearest larger city is Kobe. Its solar time is UTC+9. By size it is large.",
    ),
    ["supported", "contradictory", "supported", "supported"],
  );
  assert.deepEqual(
    verdicts(
      "france",
      "The capital is Paris. The country borders Spain. The country borders Portugal. " +
        "The dialling code is +33. The country is landlocked.",
    ),
    ["supported", "supported", "contradictory", "supported", "contradictory"],
  );
  assert.deepEqual(
    verdicts("brazil", "People speak Portuguese. Its continent is South America. Its hemisphere is southern."),
    ["supported", "supported", "supported"],
  );
});

test("a claim about something that does not exist is contradictory; one that makes no sense is unverifiable", () => {
  const [island] = oracle.annotate(ask("australia"), "The country borders Spain.");
  assert.deepEqual([island?.verdict, island?.trueValues], ["contradictory", []]);
  const [rank] = oracle.annotate(ask("france"), "Nationally it ranks first.");
  assert.deepEqual([rank?.verdict, rank?.relation], ["unverifiable", "rank"]);
  const [unknown] = oracle.annotate(ask("kyoto"), "Its country is Atlantis.");
  assert.deepEqual([unknown?.verdict, unknown?.wrongTopics], ["contradictory", []]);
});

test("garbage is unverifiable, repetition is judged each time, empty text has no sentence", () => {
  assert.deepEqual(verdicts("kyoto", "Blorp. Its country is. People speak  Japanese"), [
    "unverifiable",
    "unverifiable",
    "unverifiable",
  ]);
  assert.deepEqual(verdicts("kyoto", "People speak Japanese. People speak Japanese. It is worth a visit."), [
    "supported",
    "supported",
    "no-fact",
  ]);
  assert.deepEqual(verdicts("kyoto", ""), []);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      assert.ok(verdicts("kyoto", text).every((verdict) => verdict === "unverifiable"));
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("a topic is found as a person writes it, in any case, where only one is meant", () => {
  for (const written of ["kyoto", "Kyoto", "KYOTO"]) assert.equal(atlas.topic(written).id, "kyoto");
  const [first, second, ...rest] = readFacts(atlasFolder).cities;
  const cities = [first!, { ...second!, name: first!.name.toUpperCase() }, ...rest];
  const twice = atlasOf({ ...readFacts(atlasFolder), cities }, atlasFolder, "free");
  assert.equal(twice.topic(second!.id).id, second!.id);
  assert.throws(() => twice.topic(first!.name), new RegExp(`the name of ${first!.id} and ${second!.id}\\.`));
});

test("an unknown topic is an error that says what to do", () => {
  assert.throws(
    () => oracle.annotate({ id: "x", topic: "atlantis", prompt: [{ role: "user", content: "?" }] }, "x"),
    /expected a topic of Atlas, got "atlantis"/,
  );
});

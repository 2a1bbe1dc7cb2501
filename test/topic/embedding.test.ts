/** TF-IDF against scikit-learn's (test/golden/topics.json); what the embeddings of Atlas must satisfy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { nameTokens } from "../../lib/model/embed";
import { loadTokenizer } from "../../lib/text/tokenizer";
import {
  factText,
  geographyVectors,
  randomVectors,
  tfidf,
  trainingMentions,
  wordVectors,
} from "../../lib/topic/embedding";
import { distances } from "../../lib/topic/distance";
import { loadAtlas } from "../../lib/world/atlas";
import { atlasFolder } from "../../lib/world/facts";
import { distanceKm } from "../../lib/world/geography";
import { readGolden } from "../golden/golden";

const { texts, words, weights } = readGolden<{ tfidf: { texts: string[]; words: string[]; weights: number[][] } }>(
  "topics.json",
).tfidf;
const { topics, topic, splits } = loadAtlas();

test("TF-IDF: scikit-learn's words and weights, also without words", () => {
  const rows = tfidf(texts);
  assert.deepEqual(
    rows.map((row) => row.length),
    texts.map(() => words.length),
  );
  rows.forEach((row, i) =>
    row.forEach((weight, j) => assert.ok(Math.abs(weight - weights[i]![j]!) < 1e-6, `text ${i}, ${words[j]}`)),
  );
});

test("word vectors have length 1, are made of true facts, and put towns of one country together", () => {
  const vectors = wordVectors(topics);
  assert.equal(vectors.size, topics.length);
  for (const vector of vectors.values())
    assert.ok(Math.abs(Array.from(vector).reduce((sum, v) => sum + v * v, 0) - 1) < 1e-5);
  assert.match(factText(topic("shanghai")), /Its country is China\. .*People speak /);
  const [near, far] = distances(vectors, ["munich"], ["hamburg", "osaka"])[0]!;
  assert.ok(near! < far!);
});

test("geography: Euclidean distance orders as the great circle does", () => {
  const ids = ["shanghai", "istanbul", "munich", "osaka", "hamburg"].map((id) => topic(id));
  const [row] = distances(
    geographyVectors(topics),
    ["buenos-aires"],
    ids.map(({ id }) => id),
  );
  const km = ids.map(({ city }) => distanceKm(topic("buenos-aires").city!, city!));
  const order = (values: ArrayLike<number>) => ids.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  assert.deepEqual(order(row!), order(km));
});

test("random vectors: the same for a seed whatever other topics there are, standard normal", () => {
  const all = randomVectors(topics, new Rng(1));
  const few = randomVectors(topics.slice(5, 7), new Rng(1));
  assert.deepEqual(few.get(topics[6]!.id), all.get(topics[6]!.id));
  const numbers = [...all.values()].flatMap((vector) => Array.from(vector));
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  assert.ok(Math.abs(mean) < 0.01 && Math.abs(numbers.reduce((sum, v) => sum + v * v, 0) / numbers.length - 1) < 0.02);
});

test("every topic is mentioned in every training wording, and in no other; its name's tokens spell the name", () => {
  const mentions = trainingMentions(topics);
  const tokenizer = loadTokenizer(atlasFolder);
  assert.equal(mentions.length, 6 * topics.length);
  const asked = new Set([...splits.validation, ...splits.test].map(({ prompt }) => prompt[0]!.content));
  assert.ok(mentions.every(({ prompt }) => !asked.has(prompt[0]!.content)));
  for (const mention of mentions.filter((_, i) => i % 7 === 0)) {
    const { ids, first } = nameTokens(tokenizer, mention);
    assert.equal(tokenizer.decode(ids.slice(first)).trim(), mention.name);
    assert.equal(mention.prompt[0]!.content.split(mention.name).length, 2, `${mention.name} is named once`);
  }
});

test("a topic without a vector, and vectors of several lengths, are errors", () => {
  assert.throws(
    () => distances(new Map([["a", [1]]]), ["a"], ["b"]),
    /topic "b": expected a vector for it among the 1 given/,
  );
  assert.throws(
    () =>
      distances(
        new Map([
          ["a", [1]],
          ["b", [1, 2]],
        ]),
        ["a"],
        ["b"],
      ),
    /one length, got 1 and 2/,
  );
});

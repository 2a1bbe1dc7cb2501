/** Questions in natural words, and closed ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { loadAtlas } from "../../lib/world/atlas";
import { closedQuestions, closedRelations } from "../../lib/world/closedQuestions";
import { proseQuestions, type ProseSplit } from "../../lib/world/proseQuestions";
import { truths } from "../../lib/world/relation";

const atlas = loadAtlas();
const splits = (["train", "validation", "test"] as const).map((split: ProseSplit) => proseQuestions(atlas, split));

test("splits share neither topics nor wordings nor examples, and are large enough", () => {
  assert.deepEqual(
    splits.map(({ length }) => length),
    [320, 60, 100],
  );
  const topics = splits.flat().map(({ topic }) => topic);
  assert.equal(new Set(topics).size, topics.length);
  const said = splits.map(
    (questions) =>
      new Set(
        questions.flatMap(({ prompt, topic }) =>
          prompt.map(({ content }) => content.replaceAll(atlas.topic(topic).name, "{x}")),
        ),
      ),
  );
  for (const [i, own] of said.entries())
    for (const other of said.slice(i + 1)) for (const text of own) assert.ok(!other.has(text), text);
  assert.ok(splits.flat().every(({ prompt }) => prompt.at(-1)!.role === "user"));
});

test("a question names its topic and no other; no example is a topic", () => {
  for (const { prompt, topic } of splits.flat()) assert.ok(prompt.at(-1)!.content.includes(atlas.topic(topic).name));
  const topics = new Set(splits.flat().map(({ topic }) => topic));
  for (const shown of ["porto", "mombasa", "arequipa", "gdansk", "nantes", "blantyre", "graz", "cochabamba"])
    assert.ok(!topics.has(shown), shown);
});

test("of a closed question the first value is right and no other is", () => {
  const topics = splits[2]!.map(({ topic }) => topic);
  const questions = closedQuestions(atlas, topics, 5, new Rng(1));
  assert.equal(questions.length, topics.length * closedRelations.length);
  for (const { topic, relation, values } of questions) {
    const right = truths(relation, atlas.topic(topic))!;
    assert.deepEqual(
      values.map((value) => right.includes(value)),
      values.map((_, i) => i === 0),
      `${topic} ${relation}`,
    );
    assert.equal(new Set(values).size, values.length);
    assert.ok(values.length >= 5, `${topic} ${relation}: ${values.join()}`);
  }
});

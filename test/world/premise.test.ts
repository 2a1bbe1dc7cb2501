/** Premises: one fact of the question's topic, true or of another topic, in wordings that splits do not share. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { withPremise } from "../../lib/lab/stages/premises";
import { loadAtlas } from "../../lib/world/atlas";
import { framed, isFalse, premiseOf, premiseText } from "../../lib/world/premise";
import { truths } from "../../lib/world/relation";

const atlas = loadAtlas();
const questions = new Rng("premises").shuffle(atlas.splits.train).slice(0, 60);

test("false ones say another topic's value of the same relation, true ones its own; both name the topic", () => {
  for (const question of questions)
    for (const wrong of [true, false]) {
      const premise = premiseOf(atlas, question, wrong, new Rng(question.id));
      const topic = atlas.topic(question.topic);
      assert.equal(truths(premise.relation, topic)!.includes(premise.value), !wrong);
      assert.equal(isFalse(premise), wrong);
      assert.ok(atlas.topics.some((other) => truths(premise.relation, other)?.includes(premise.value)));
      const text = premiseText(atlas, question, premise, "train", new Rng(1));
      assert.ok(text.includes(topic.name) && text.includes(premise.value), text);
    }
});

test("about half are false; the same question has the same premise; splits differ in every wording", () => {
  const made = questions.map((question) => withPremise(atlas, question, "train", 1));
  const wrong = made.filter(({ premise }) => isFalse(premise)).length;
  assert.ok(wrong > 18 && wrong < 42, `${wrong} of 60`);
  assert.deepEqual(
    questions.map((question) => withPremise(atlas, question, "train", 1)),
    made,
  );
  const shape = (text: string, name: string, value: string) => text.replace(name, "{x}").replace(value, "{v}");
  const shapes = (split: "train" | "test") =>
    new Set(
      questions.map((question) => {
        const { premise, text } = withPremise(atlas, question, split, 1);
        return shape(text, atlas.topic(question.topic).name, premise.value);
      }),
    );
  const test = shapes("test");
  assert.ok([...shapes("train")].every((one) => !test.has(one)));
});

test("a premise stands before the question, and nothing else changes", () => {
  const [question] = questions;
  const { prompt, ...rest } = framed(question!, "Before.", "Behind?");
  const { prompt: before, ...same } = question!;
  assert.deepEqual(rest, same);
  assert.equal(prompt[0]!.content, `Before. ${before[0]!.content} Behind?`);
});

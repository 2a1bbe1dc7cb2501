/** Accuracy by relation on answers whose right and wrong sentences are known. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import type { AnnotatedCandidate } from "../../lib/factuality/records";
import { decomposeGain, relationAccuracy, type RelationAccuracy } from "../../lib/evaluation/relationAccuracy";
import { loadAtlas } from "../../lib/world/atlas";
import { truths, type RelationName } from "../../lib/world/relation";
import { renderFact } from "../../lib/world/render";

const atlas = loadAtlas();
const rng = new Rng("relation accuracy");
const questions = atlas.splits.test.slice(0, 40);
const answer = (i: number, ...sentences: string[]): AnnotatedCandidate => ({
  questionId: questions[i]!.id,
  index: 0,
  completion: sentences.join(" "),
  seed: 1,
  sentences: [],
});
const continent = (i: number, right: boolean): string => {
  const topic = atlas.topic(questions[i]!.topic);
  const known = truths("continent", topic)!;
  return renderFact("continent", right ? known[0]! : ["Africa", "Europe"].find((name) => !known.includes(name))!, rng);
};

test("the share of right statements of each relation, most accurate first", () => {
  const answers = questions.map((_, i) =>
    answer(
      i,
      continent(i, i % 4 !== 0),
      renderFact("country", truths("country", atlas.topic(questions[i]!.topic))![0]!, rng),
      "No relation says this.",
    ),
  );
  const rows = relationAccuracy(atlas, questions, answers, new Rng(1));
  assert.deepEqual(
    rows.map(({ relation, statements, accuracy }) => [relation, statements, accuracy.value]),
    [
      ["country", 40, 1],
      ["continent", 40, 0.75],
    ],
  );
  const { low, high } = rows[1]!.accuracy;
  assert.ok(low > 0.5 && low < 0.75 && high > 0.75 && high < 0.95, `${low} ${high}`);
});

test("a gain is split into choice of relations and accuracy within them, and the parts add up", () => {
  const row = (relation: RelationName, statements: number, value: number): RelationAccuracy => ({
    relation,
    statements,
    accuracy: { value, low: value, high: value },
  });
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);
  const before = [row("country", 50, 0.9), row("rank", 50, 0.1)];
  const choice = decomposeGain(before, [row("country", 75, 0.9), row("rank", 25, 0.1)]);
  near(choice.choice, 0.2);
  near(choice.accuracy, 0);
  const accuracy = decomposeGain(before, [row("country", 10, 1), row("rank", 10, 0.3)]);
  near(accuracy.choice, 0);
  near(accuracy.accuracy, 0.15);
  const both = decomposeGain(before, [row("country", 30, 0.95), row("domain", 10, 0.5)]); // one dropped, one begun
  near(both.choice + both.accuracy, (30 * 0.95 + 10 * 0.5) / 40 - 0.5);
});

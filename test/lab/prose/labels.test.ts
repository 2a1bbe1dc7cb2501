/** Sentences judged by reading, and how the gazetteer agrees with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { labelAgreements, readLabelled } from "../../../lib/lab/prose/labels";
import { splitSentences } from "../../../lib/text/sentence";
import { loadAtlas } from "../../../lib/world/atlas";

const rows = readLabelled();

test("at least 300 sentences, of both halves and both policies, cut as the annotator cuts", () => {
  const sentences = rows.flatMap(({ answer }) => answer.sentences);
  assert.ok(sentences.length >= 300, String(sentences.length));
  for (const { answer } of rows)
    assert.deepEqual(
      answer.sentences.map(({ start, end }) => ({ start, end })),
      splitSentences(answer.completion),
    );
  const topics = (half: string) => new Set(rows.filter((row) => row.half === half).map((row) => row.answer.questionId));
  const [one, two] = [topics("corrected on"), topics("held out")];
  assert.ok(one.size > 0 && two.size > 0);
  for (const topic of one) assert.ok(!two.has(topic), topic);
  assert.deepEqual([...new Set(rows.map(({ policy }) => policy))].sort(), ["aligned", "base"]);
});

test("the gazetteer finds hallucinations as a reader does, on topics it was not corrected on", () => {
  const [, heldOut] = labelAgreements(loadAtlas(), 1, rows);
  const { precision, recall, kappa } = heldOut!.agreement.hallucination;
  assert.ok(precision.value > 0.85 && recall.value > 0.85, `${precision.value} ${recall.value}`);
  assert.ok(kappa.value > 0.6, String(kappa.value));
});

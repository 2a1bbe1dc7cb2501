// Eq. 4 and the factuality score.
import assert from "node:assert/strict";
import test from "node:test";
import { type Verdict, verdictSchema } from "../../lib/factuality/records";
import { addCounts, countSentences, factualityScore } from "../../lib/factuality/score";
import { isHallucination, verdictLabels } from "../../lib/factuality/verdict";

const of = (...verdicts: Verdict[]) => verdicts.map((verdict) => ({ verdict }));

test("a_i is 1 for contradictory and unverifiable only", () => {
  assert.deepEqual(verdictSchema.options.filter(isHallucination), ["contradictory", "unverifiable"]);
});

test("every verdict has a letter of its own", () => {
  assert.deepEqual(Object.keys(verdictLabels), verdictSchema.options);
  assert.equal(new Set(Object.values(verdictLabels).map(({ letter }) => letter)).size, verdictSchema.options.length);
});

test("counts and score; no-fact sentences count as correct in the score only", () => {
  const mixed = of(
    "supported",
    "contradictory",
    "no-fact",
    "unverifiable",
    "supported",
    "no-fact",
    "no-fact",
    "supported",
  );
  assert.deepEqual(countSentences(mixed), { sentences: 8, correct: 3, incorrect: 2, noFact: 3 });
  assert.equal(factualityScore(mixed), 6 / 8);
  assert.equal(factualityScore(of("no-fact")), 1);
  assert.equal(factualityScore(of("unverifiable", "contradictory")), 0);
  assert.equal(factualityScore([]), undefined, "0/0 is not a score");
  assert.deepEqual(addCounts([countSentences(mixed), countSentences(of("supported"))]), {
    sentences: 9,
    correct: 4,
    incorrect: 2,
    noFact: 3,
  });
});

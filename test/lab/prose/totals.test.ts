/** What answers in free text come to: sums, and each text of an answer once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnnotatedCandidate, Question, Verdict } from "../../../lib/factuality/records";
import { proseTotals } from "../../../lib/lab/prose/totals";

const questions: Question[] = ["brno", "oslo"].map((topic) => ({
  id: topic,
  topic,
  prompt: [{ role: "user", content: topic }],
}));

function answer(questionId: string, index: number, sentences: readonly [string, Verdict][]): AnnotatedCandidate {
  const completion = sentences.map(([text]) => text).join("");
  let end = 0;
  return {
    questionId,
    index,
    completion,
    seed: 1,
    sentences: sentences.map(([text, verdict]) => ({ start: end, end: (end += text.length), verdict })),
  };
}

test("repetitions count once, in each answer by itself", () => {
  const right: [string, Verdict] = ["A.", "supported"];
  const wrong: [string, Verdict] = ["B.", "contradictory"];
  const answers = [
    answer("brno", 0, [right, wrong, right, right]),
    answer("brno", 1, [right, ["C.", "unverifiable"], wrong, wrong]),
    answer("oslo", 0, [wrong]),
  ];
  const { answers: totals, prose } = proseTotals({ read: () => [] }, questions, answers);
  assert.deepEqual(totals.sums.sentences, [8, 1]);
  assert.deepEqual(totals.sums.incorrect, [4, 1]);
  assert.deepEqual(totals.sums.repeated, [3, 0]);
  assert.deepEqual(prose.different, [5, 1]);
  assert.deepEqual(prose.differentWrong, [3, 1]);
});

// Scores and counts of a policy's answers.
import assert from "node:assert/strict";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { Rng } from "../../lib/base/rng";
import { answersByTopic, summarise } from "../../lib/evaluation/summary";
import { answer, question, randomAnswers } from "./fixtures";

const questions = [question("a1", "a"), question("b1", "b"), question("a2", "a")];

test("pooled, mean and fact-only score, counts per answer, by hand", () => {
  const answers = [answer("a1", 0, "SSSC"), answer("a2", 0, "NU"), answer("b1", 0, ""), answer("b1", 1, "CS")];
  const summary = summarise(answers, questions, new Rng(0), { resamples: 100 });
  assert.deepEqual([summary.topics, summary.questions, summary.answers, summary.emptyAnswers], [2, 3, 4, 1]);
  assert.equal(summary.score.value, 5 / 8); //           (4 S + 1 N) / 8
  assert.equal(summary.macroScore.value, (3 / 4 + 1 / 2 + 0 + 1 / 2) / 4);
  assert.equal(summary.rightShare.value, 4 / 7); //       4 S / (4 S + 2 C + 1 U)
  assert.deepEqual(summary.perAnswer, {
    sentences: 2,
    correct: 1,
    incorrect: 0.75,
    noFact: 0.25,
    characters: (11 + 5 + 0 + 5) / 4,
  });
});

test("intervals hold the value, narrow with more topics, and do not depend on the order of rows", () => {
  const rng = new Rng("summary");
  const many = Array.from({ length: 200 }, (_, i) => question(`q${i}`, `t${i}`));
  const answers = randomAnswers(many, 2, 0.6, rng);
  const width = (count: number) => {
    const { score } = summarise(answers.slice(0, 2 * count), many.slice(0, count), new Rng(1), { resamples: 1000 });
    assert.ok(score.low < score.value && score.value < score.high);
    return score.high - score.low;
  };
  assert.ok(width(200) < 0.7 * width(50));
  assert.deepEqual(
    summarise(rng.shuffle(answers), many, new Rng(1), { resamples: 200 }),
    summarise(answers, many, new Rng(1), { resamples: 200 }),
  );
});

test("topics group questions in order; unanswered questions and stray answers are refused", () => {
  const groups = answersByTopic([answer("b1", 0, "S"), answer("a2", 0, "S"), answer("a1", 0, "S")], questions);
  assert.deepEqual(
    [...groups].map(([topic, entries]) => [topic, entries.map((e) => e.question.id)]),
    [
      ["a", ["a1", "a2"]],
      ["b", ["b1"]],
    ],
  );
  const refused = (message: RegExp) => (e: UserError) => e instanceof UserError && message.test(e.message);
  assert.throws(
    () => answersByTopic([answer("a1", 0, "S")], questions),
    refused(/question "b1": expected at least one answer/),
  );
  assert.throws(() => answersByTopic([answer("z", 0, "S")], questions), refused(/question "z": expected a question/));
  assert.throws(() => answersByTopic([], []), refused(/at least one question/));
});

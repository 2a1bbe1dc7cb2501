// Paired comparison of two policies.
import assert from "node:assert/strict";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { Rng } from "../../lib/base/rng";
import { comparePolicies } from "../../lib/evaluation/compare";
import { summarise } from "../../lib/evaluation/summary";
import { answer, question, randomAnswers } from "./fixtures";

const questions = Array.from({ length: 60 }, (_, i) => question(`q${i}`, `t${i % 30}`));
const options = { resamples: 999 };

test("the difference is that of the two summaries; swapping policies negates it and keeps p", () => {
  const rng = new Rng("compare");
  const [a, b] = [randomAnswers(questions, 2, 0.7, rng), randomAnswers(questions, 2, 0.5, rng)];
  const ab = comparePolicies(a, b, questions, new Rng(1), options);
  const ba = comparePolicies(b, a, questions, new Rng(1), options);
  const [sa, sb] = [a, b].map((answers) => summarise(answers, questions, new Rng(2), options));
  assert.equal(ab.topics, 30);
  for (const key of ["score", "macroScore"] as const) {
    assert.equal(ab[key].a, sa![key].value);
    assert.equal(ab[key].b, sb![key].value);
    assert.ok(Math.abs(ab[key].value - (sa![key].value - sb![key].value)) < 1e-12);
    assert.ok(Math.abs(ab[key].value + ba[key].value) < 1e-12);
    assert.equal(ab[key].p, ba[key].p);
    assert.ok(Math.abs(ab[key].low + ba[key].high) < 0.01 && Math.abs(ab[key].high + ba[key].low) < 0.01);
    assert.ok(ab[key].low > 0 && ab[key].p < 0.01, JSON.stringify(ab[key]));
  }
});

test("pairing by topic matters: topics that differ far more than policies do not hide a steady gain", () => {
  const letters = (right: number) => "S".repeat(right) + "C".repeat(20 - right);
  const a = questions.map(({ id }, i) => answer(id, 0, letters(1 + (i % 19))));
  const b = questions.map(({ id }, i) => answer(id, 0, letters(i % 19)));
  const { score } = comparePolicies(a, b, questions, new Rng(3), options);
  assert.ok(
    Math.abs(score.value - 0.05) < 1e-12 && Math.abs(score.low - 0.05) < 1e-9 && Math.abs(score.high - 0.05) < 1e-9,
  );
  assert.equal(score.p, 1 / 1000);
});

test("a policy against itself: 0, p = 1", () => {
  const a = randomAnswers(questions, 1, 0.5, new Rng("self"));
  const { score, macroScore } = comparePolicies(a, a, questions, new Rng(4), options);
  for (const { value, low, high, p } of [score, macroScore]) assert.deepEqual([value, low, high, p], [0, 0, 0, 1]);
});

test("policies that gave different numbers of answers are refused", () => {
  const a = randomAnswers(questions, 2, 0.5, new Rng("unequal"));
  assert.throws(
    () => comparePolicies(a, a.slice(0, -1), questions, new Rng(5), options),
    (e: UserError) => e instanceof UserError && /question "q59": .*got 2 and 1/.test(e.message),
  );
});

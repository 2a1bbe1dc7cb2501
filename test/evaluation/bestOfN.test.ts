// The unbiased best-of-N estimator against brute force, and what must hold of a curve.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { UserError } from "../../lib/base/check";
import { Rng } from "../../lib/base/rng";
import {
  bestOfN,
  bestOfNWeights,
  compareBestOfN,
  errorReduction,
  expectedMax,
  gapSlope,
} from "../../lib/evaluation/bestOfN";
import { summarise } from "../../lib/evaluation/summary";
import { noisyScore } from "../../lib/factuality/noise";
import { countSentences, factualityScore } from "../../lib/factuality/score";
import { answer, question, randomAnswers } from "./fixtures";

const close = (actual: number, expected: number, tolerance = 1e-12) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `expected ${expected}, got ${actual}`);
const options = { resamples: 200 };

/** All subsets of {0..n-1} of size N. */
function subsets(n: number, N: number): number[][] {
  if (N === 0) return [[]];
  return Array.from({ length: n }, (_, last) => subsets(last, N - 1).map((rest) => [...rest, last])).flat();
}

test("expected maximum equals the mean over all subsets", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 9 }), fc.nat(8), (values, pick) => {
      const N = 1 + (pick % values.length);
      const all = subsets(values.length, N).map((set) => Math.max(...set.map((i) => values[i]!)));
      close(expectedMax(values, N), all.reduce((a, b) => a + b, 0) / all.length);
    }),
    { numRuns: 300, seed: 2 },
  );
});

test("weights are a distribution for every N up to 1024, and agree with exact binomials", () => {
  for (const n of [1, 2, 32, 256, 1024]) {
    for (let N = 1; N <= n; N += Math.max(1, Math.floor(n / 50))) {
      const weights = bestOfNWeights(n, N);
      close(
        weights.reduce((a, b) => a + b, 0),
        1,
        1e-11,
      );
      assert.ok(weights.every((w) => w >= 0 && Number.isFinite(w)));
    }
  }
  const binomial = (n: bigint, k: bigint): bigint => (k === 0n ? 1n : (binomial(n - 1n, k - 1n) * n) / k);
  const weights = bestOfNWeights(256, 64);
  for (const place of [64, 100, 200, 250, 256]) {
    const exact = Number((binomial(BigInt(place - 1), 63n) * 10n ** 90n) / binomial(256n, 64n)) / 1e90;
    close(weights[place - 1]! / exact, 1, 1e-10);
  }
});

test("best of 1 is the mean, best of n the maximum, the curve rises, and unbiasedly so", () => {
  const rng = new Rng("curve");
  const values = Array.from({ length: 256 }, () => rng.next());
  close(expectedMax(values, 1), values.reduce((a, b) => a + b, 0) / 256);
  assert.equal(expectedMax(values, 256), Math.max(...values));
  for (let N = 1; N < 256; N *= 2) assert.ok(expectedMax(values, 2 * N) > expectedMax(values, N));
  let sum = 0; // E[max of 4 uniforms] = 4/5, from 12 draws
  for (let run = 0; run < 4000; run++)
    sum += expectedMax(
      Array.from({ length: 12 }, () => rng.next()),
      4,
    );
  close(sum / 4000, 0.8, 0.006);
});

test("a point's score and counts equal brute force over subsets, equal scores drawn evenly", () => {
  const questions = [question("a", "t"), question("b", "t"), question("c", "u")];
  const letters: Record<string, string[]> = {
    a: ["SC", "SSCC", "S", "N", "CU"],
    b: ["", "CC", "SNC", "SC", "C"],
    c: ["SSS", "NN", "S", "SC", ""],
  };
  const answers = questions.flatMap(({ id }) => letters[id]!.map((l, i) => answer(id, i, l)));
  for (const N of [1, 2, 3, 5]) {
    const expected = questions.map(({ id }) => {
      const group = answers.filter((a) => a.questionId === id);
      const totals = { score: 0, sentences: 0, correct: 0, incorrect: 0, noFact: 0 };
      const sets = subsets(group.length, N);
      for (const set of sets) {
        const scores = set.map((i) => factualityScore(group[i]!.sentences) ?? 0);
        const best = set.filter((_, k) => scores[k] === Math.max(...scores));
        totals.score += Math.max(...scores) / sets.length;
        for (const i of best)
          for (const [key, count] of Object.entries(countSentences(group[i]!.sentences)))
            totals[key as "sentences"] += count / best.length / sets.length;
      }
      return totals;
    });
    const [point] = bestOfN(answers, questions, [N], new Rng(0), options);
    close(point!.macroScore.value, ((expected[0]!.score + expected[1]!.score) / 2 + expected[2]!.score) / 2);
    for (const key of ["sentences", "correct", "incorrect", "noFact"] as const)
      close(point!.perAnswer[key], expected.reduce((s, e) => s + e[key], 0) / 3);
    close(
      point!.score.value,
      expected.reduce((s, e) => s + e.sentences - e.incorrect, 0) / expected.reduce((s, e) => s + e.sentences, 0),
    );
  }
});

const questions = Array.from({ length: 40 }, (_, i) => question(`q${i}`, `t${i}`));

test("at N = 1 the point is the summary of the same answers", () => {
  const answers = randomAnswers(questions, 8, 0.5, new Rng("one"));
  const [point] = bestOfN(answers, questions, [1], new Rng(1), options);
  const summary = summarise(answers, questions, new Rng(1), options);
  close(point!.score.value, summary.score.value);
  close(point!.macroScore.value, summary.macroScore.value);
  close(point!.perAnswer.correct, summary.perAnswer.correct);
});

test("the gap between two policies per N, with its sign and p", () => {
  const rng = new Rng("gap");
  const [a, b] = [randomAnswers(questions, 8, 0.7, rng), randomAnswers(questions, 8, 0.4, rng)];
  const [curveA, curveB] = [a, b].map((answers) => bestOfN(answers, questions, [1, 4, 8], new Rng(2), options));
  compareBestOfN(a, b, questions, [1, 4, 8], new Rng(3), options).forEach((gap, i) => {
    assert.equal(gap.n, [1, 4, 8][i]);
    close(gap.value, curveA![i]!.macroScore.value - curveB![i]!.macroScore.value);
    assert.ok(gap.low <= gap.value && gap.value <= gap.high);
  });
  assert.ok(compareBestOfN(a, b, questions, [1], new Rng(3), options)[0]!.p < 0.01);
});

test("too few answers for N, and an N that is none, are refused", () => {
  const answers = randomAnswers(questions, 4, 0.5, new Rng("few"));
  assert.throws(
    () => bestOfN(answers, questions, [4, 5], new Rng(0), options),
    (e: UserError) =>
      e instanceof UserError && /question "q0": expected at least 5 answers for best-of-5, got 4/.test(e.message),
  );
  assert.throws(() => bestOfNWeights(4, 0), /between 1 and 4, got 0/);
  assert.throws(() => bestOfNWeights(4, 1.5), /got 1.5/);
});

test("the slope of the gap is that of least squares, and turns with its sides", () => {
  const questions = Array.from({ length: 12 }, (_, i) => question(`q${i}`, `t${i % 6}`));
  const ns = [1, 2, 4, 8];
  const [a, b] = [randomAnswers(questions, 8, 0.7, new Rng("a")), randomAnswers(questions, 8, 0.4, new Rng("b"))];
  const gaps = compareBestOfN(a, b, questions, ns, new Rng(1), options).map(({ value }) => value);
  const x = ns.map(Math.log2);
  const mean = (values: number[]) => values.reduce((s, v) => s + v, 0) / values.length;
  const [mx, my] = [mean(x), mean(gaps)];
  const expected = x.reduce((s, v, i) => s + (v - mx) * (gaps[i]! - my), 0) / x.reduce((s, v) => s + (v - mx) ** 2, 0);
  close(gapSlope(a, b, questions, ns, new Rng(1), options).value, expected, 1e-12);
  close(gapSlope(b, a, questions, ns, new Rng(1), options).value, -expected, 1e-12);
});

test("error reduction is 0 between equals and 1 when no error is left", () => {
  const questions = [question("a", "t"), question("b", "u")];
  const some = questions.flatMap(({ id }) => ["SC", "SSC", "C"].map((letters, i) => answer(id, i, letters)));
  const none = questions.flatMap(({ id }) => [0, 1, 2].map((i) => answer(id, i, "SS")));
  assert.deepEqual(
    errorReduction(some, some, questions, [1, 3], new Rng(1), options).map(({ value }) => value),
    [0, 0],
  );
  assert.deepEqual(
    errorReduction(none, some, questions, [1, 3], new Rng(1), options).map(({ value }) => value),
    [1, 1],
  );
});

test("a verifier without error is the oracle, one that sees nothing makes N worthless, a wrong one harms", () => {
  const questions = Array.from({ length: 40 }, (_, i) => question(`q${i}`, `t${i}`));
  const answers = randomAnswers(questions, 16, 0.5, new Rng("noise"));
  const scores = (error: number) =>
    bestOfN(answers, questions, [1, 16], new Rng(1), {
      ...options,
      rankBy: (row) => noisyScore(row, error, new Rng("verifier")),
    }).map(({ macroScore }) => macroScore.value);
  assert.deepEqual(
    scores(0),
    bestOfN(answers, questions, [1, 16], new Rng(1), options).map(({ macroScore }) => macroScore.value),
  );
  const [one, best] = scores(0) as [number, number];
  for (const error of [0.2, 0.5, 1]) close(scores(error)[0]!, one, 1e-12); // best of 1 chooses nothing
  assert.ok(scores(0.2)[1]! < best && scores(0.2)[1]! > one + 0.1);
  assert.ok(Math.abs(scores(0.5)[1]! - one) < 0.12);
  assert.ok(scores(1)[1]! < one - 0.2);
});

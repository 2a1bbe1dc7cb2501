/** Table 6 from known answers: whose curve is whose, beside which printed number, and which way every claim goes. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ArmDifference } from "../../lib/evaluation/arm";
import { gapTable } from "../../lib/evaluation/bestOfTables";
import { bestOfAnswers, type Answered } from "../../lib/lab/candidates";
import { trainedPolicy } from "../../lib/lab/experiment";
import { evaluationQuestions } from "../../lib/lab/questions";
import { runArms } from "../../lib/lab/runArms";
import { seedsOf, type Session } from "../../lib/lab/session";
import {
  curveOf,
  gapsOf,
  noisyCurve,
  printedPoints,
  reductionOf,
  sampleBestOf,
  slopeOf,
  study,
  table6Claims,
  type BestOfAnswers,
} from "../../lib/paper/table6";
import { loadAtlas } from "../../lib/world/atlas";
import { answer, question } from "../evaluation/fixtures";
import { assertClaims, assertInterval, assertNear, computed, knownSession } from "./known";
import { keepAnswers } from "./knownAnswers";

const bestOf = 16;
const ns = [1, 2, 4, 8, 16];

/**
 * Sixteen answers of ten sentences to each of twelve questions: one with `best` right ones, the others with `right`.
 */
function answers(right: (i: number) => number, best: (i: number) => number, run: string): Answered {
  const questions = Array.from({ length: 12 }, (_, i) => question(`q${i}`, `topic ${i}`));
  const letters = (n: number) => "S".repeat(n) + "C".repeat(10 - n);
  const all = questions.flatMap(({ id }, i) =>
    Array.from({ length: bestOf }, (_, index) => answer(id, index, letters(index === 5 ? best(i) : right(i)))),
  );
  return { questions, answers: all, runs: [run] };
}

const runs = ["base 0", "base 1", "maskDpo 0", "maskDpo 1"];

/** Best of N is 40 + 50 N/16 % before and 70 + 30 N/16 % after, over both seeds; the first gains more. */
function known(t: TestContext): { session: Session; answered: BestOfAnswers } {
  const session = knownSession(t);
  session.preset.bestOf = bestOf;
  const third = (i: number) => (i % 3) - 1;
  const base = [3, 5].map((right, seed) =>
    answers(
      (i) => right + third(i),
      (i) => 9 + third(i),
      `base ${seed}`,
    ),
  );
  const maskDpo = [8, 6].map((right, seed) =>
    answers(
      (i) => right - third(i),
      () => 10,
      `maskDpo ${seed}`,
    ),
  );
  return { session, answered: { base, maskDpo, runs } };
}
const before = (n: number) => 40 + (50 * n) / 16;
const after = (n: number) => 70 + (30 * n) / 16;

test("curves, gaps and removed error: of the base before, of Mask-DPO after", (t) => {
  const { session, answered } = known(t);
  const [base, maskDpo] = [curveOf(session, answered.base), curveOf(session, answered.maskDpo)];
  const [gaps, reduction] = [gapsOf(session, answered), reductionOf(session, answered)];
  for (const points of [base, maskDpo, gaps, reduction])
    assert.deepEqual(
      points.map(({ n }) => n),
      ns,
    );
  const table = gapTable(gaps, reduction).rows;
  ns.forEach((n, i) => {
    assertNear(100 * base[i]!.macroScore.value, before(n), `base, best of ${n}`);
    assertNear(100 * maskDpo[i]!.macroScore.value, after(n), `Mask-DPO, best of ${n}`);
    assertInterval(gaps[i], after(n) - before(n), `gap, best of ${n}`);
    assertNear(gaps[i]!.a, after(n), `gap, best of ${n}: Mask-DPO`);
    assertNear(gaps[i]!.b, before(n), `gap, best of ${n}: base`);
    assertNear(reduction[i]!.value, 100 * (1 - (100 - after(n)) / (100 - before(n))), `error removed, best of ${n}`);
    assert.deepEqual([table[i]!.n, table[i]!.gap], [n, cell(gaps[i]!)]);
    assert.deepEqual(table[i]!.reduction, cell(reduction[i]!));
  });
  [80 + 20 / 16 - (30 + 60 / 16), 60 + 40 / 16 - (50 + 40 / 16)].forEach((gap, seed) =>
    assertNear(gaps[0]!.perSeed[seed], gap, `gap of seed ${seed}`),
  );
  assert.deepEqual(gaps[0]!.runs, runs);
});

const cell = ({ value, low, high }: ArmDifference | { value: number; low: number; high: number }) => ({
  value,
  low,
  high,
});

test("claims: Mask-DPO minus base, the slope of the gap, and what the paper prints", (t) => {
  const { session, answered } = known(t);
  const [gaps, slope] = [gapsOf(session, answered), slopeOf(session, answered)];
  const slopeOver = (of: (n: number) => number) => ns.reduce((sum, n) => sum + ((Math.log2(n) - 2) / 10) * of(n), 0);
  assertNear(slope.value, -4.5, "the gap closes here");
  assertClaims(table6Claims(gaps, slope), [
    ["Mask-DPO > base at best of 1", "Table 6", 22.88, after(1), before(1)],
    ["Mask-DPO > base at best of 16", "Table 6", 16.42, after(16), before(16)],
    [
      "the gap does not close: its change when N doubles",
      "§4.3, Corollary 2",
      -1.19,
      slopeOver(after),
      slopeOver(before),
    ],
  ]);
  const [first, second] = gaps;
  const printed = (last: number) => table6Claims([first!, { ...second!, n: last }], slope)[1]!.printed;
  assert.deepEqual([2, 32, 64, 128, 256].map(printed), [null, 14.23, 15.88, 14.05, 13.11]);
});

test("the paper's points are each policy's own", () => {
  assert.deepEqual(printedPoints("base"), { 1: 47.79, 16: 73.38, 32: 76.3, 64: 76.93, 128: 79.42, 256: 80.98 });
  assert.deepEqual(printedPoints("maskDpo"), { 1: 70.67, 16: 89.8, 32: 90.53, 64: 92.81, 128: 93.47, 256: 94.09 });
});

test("a verifier that errs gains less, one without error the same", (t) => {
  const { session, answered } = known(t);
  const values = (error: number) => noisyCurve(session, answered.base, error).map(({ macroScore }) => macroScore.value);
  const exact = curveOf(session, answered.base).map(({ macroScore }) => macroScore.value);
  assert.deepEqual(values(0), exact);
  assert.ok(values(0.5).at(-1)! < exact.at(-1)! - 0.1);
});

test("sampled: the base's answers are the base's, Mask-DPO's are of the policy of the same seed", async (t) => {
  const session = knownSession(t, loadAtlas());
  const { bestOf, bestOfQuestions } = session.preset;
  const arms = study.arms(session);
  computed(session, arms, () => ({ score: 50, facts: 20 }));
  const { maskDpo } = await runArms(session, { maskDpo: arms[0]! });
  const questions = evaluationQuestions(session, "test", bestOfQuestions);
  for (const [i, seed] of seedsOf(session, 2).entries()) {
    const own = { ...session, seed };
    const policies = { base: session.baseDir, aligned: trainedPolicy(session, maskDpo.results[i]!.experiment) };
    for (const [name, dir] of Object.entries(policies))
      await keepAnswers(
        own,
        () => bestOfAnswers(own, dir),
        questions,
        bestOf,
        () => `I am the ${name} of seed ${seed}.`,
      );
  }
  const answered = await sampleBestOf(session, maskDpo, 2);
  const said = (sets: readonly Answered[]) =>
    sets.map(({ answers }) => [...new Set(answers.map(({ completion }) => completion))].join());
  assert.deepEqual(said(answered.base), ["I am the base of seed 1.", "I am the base of seed 2."]);
  assert.deepEqual(said(answered.maskDpo), ["I am the aligned of seed 1.", "I am the aligned of seed 2."]);
  assert.equal(answered.runs.length, 4);
});

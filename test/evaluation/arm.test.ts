/** Arms over seeds: scores, differences, verdicts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Rng } from "../../lib/base/rng";
import { measures, poolTotals, type AnswerTotals, type Measure } from "../../lib/evaluation/answerTotals";
import {
  armDifference,
  perAnswer,
  scoreOf,
  seedScores,
  topicDifferences,
  type Arm,
  type ArmDifference,
} from "../../lib/evaluation/arm";
import { armTable, claimsTable, differencesTable, hackingTable } from "../../lib/evaluation/armTables";
import { verdictOf, verdictTextOf } from "../../lib/evaluation/claims";
import { recordedNumbers } from "../../lib/lab/headline";
import { preset } from "../../lib/lab/preset";
import type { Session } from "../../lib/lab/session";
import { toMarkdown } from "../../lib/show/table";
import { toLatex } from "../../lib/show/tableLatex";

const topics = Array.from({ length: 30 }, (_, i) => `t${i}`);
/** 10 answers of 5 sentences a topic, of which `wrong(i)` are wrong in all. */
function totals(wrong: (topic: number) => number): AnswerTotals {
  const row = (i: number): Record<Measure, number> => ({
    answers: 10,
    sentences: 50,
    correct: 50 - wrong(i),
    incorrect: wrong(i),
    noFact: 0,
    score: (50 - wrong(i)) / 5,
    facts: 50,
    supported: 50 - wrong(i),
    factAnswers: 10,
    factShare: 10 * (1 - wrong(i) / 50),
    characters: 1000,
    relations: 40,
    repeated: 1,
  });
  return {
    topics,
    sums: Object.fromEntries(measures.map((name) => [name, topics.map((_, i) => row(i)[name])])) as Record<
      Measure,
      number[]
    >,
  };
}
const arm = (label: string, ...seeds: AnswerTotals[]): Arm => ({ label, seeds, runs: ["r"] });
const good = arm(
  "good",
  totals((i) => 10 + (i % 3)),
  totals((i) => 12 + (i % 2)),
);
const bad = arm(
  "bad",
  totals((i) => 20 + (i % 5)),
  totals((i) => 24 - (i % 3)),
);
const rng = () => new Rng("arm");

test("scores pool all seeds, intervals hold them, and each seed has its own", () => {
  const { value, low, high } = scoreOf(good, "score", rng());
  assert.ok(Math.abs(value - 100 * (1 - (10 + 1 + 12 + 0.5) / 100)) < 1e-9);
  assert.ok(low < value && value < high);
  assert.deepEqual(
    seedScores(good, "score").map((v) => v.toFixed(2)),
    ["78.00", "75.00"],
  );
  assert.equal(perAnswer(good, "sentences"), 5);
  assert.ok(Math.abs(scoreOf(good, "factScore", rng()).value - value) < 1e-9, "here both evaluators see the same");
});

test("a difference is paired by topic and turns with its sides", () => {
  const there = armDifference(good, bad, "score", rng());
  const back = armDifference(bad, good, "score", rng());
  assert.ok(there.low > 0 && there.p < 0.001);
  assert.ok(Math.abs(there.value + back.value) < 1e-9);
  assert.deepEqual(there.perSeed.length, 2);
  assert.ok(Math.abs(there.perSeed.reduce((a, b) => a + b, 0) / 2 - there.value) < 1e-9);
  assert.ok(
    Math.abs([...topicDifferences(good, bad).values()].reduce((a, b) => a + b, 0) / topics.length - there.value / 100) <
      1e-9,
  );
  assert.throws(() => armDifference(good, { ...bad, seeds: bad.seeds.slice(1) }, "score", rng()), RangeError);
  assert.throws(() => poolTotals([good.seeds[0]!, { ...bad.seeds[0]!, topics: [...topics].reverse() }]), RangeError);
});

test("a verdict needs the interval and every seed", () => {
  const difference = (low: number, high: number, ...perSeed: number[]): ArmDifference => ({
    value: (low + high) / 2,
    low,
    high,
    a: 0,
    b: 0,
    p: 0,
    topics: 60,
    perSeed,
    runs: [],
  });
  assert.equal(verdictOf(difference(0.1, 5, 1, 2)), "shown");
  assert.equal(verdictOf(difference(0.1, 5, 1, 2), 4.9), "shown");
  assert.equal(verdictOf(difference(0.1, 5, 1, 2), 5.1), "shown, smaller", "the paper's number lies above");
  assert.equal(verdictOf(difference(0.1, 5, -1, 6)), "undecided", "a seed disagrees");
  assert.equal(verdictOf(difference(-1, 5, 1, 2)), "undecided");
  assert.equal(verdictOf(difference(-1, 5, 1, 2), 9.09), "undecided, smaller", "there may be some, not as much");
  assert.equal(verdictOf(difference(-3, 0.9, -1, 0), 9.09), "not shown");
  assert.equal(verdictOf(difference(NaN, NaN, 1), 9.09), "too few topics", "for an interval");
  assert.equal(verdictOf(null, 9.09), "not testable here");
});

test("no verdict where topics are too few to tell the paper's effect from none", () => {
  const of = (topics: number, low: number, high: number): ArmDifference => ({
    ...{ value: (low + high) / 2, low, high, a: 0, b: 0, p: 0, topics, perSeed: [1], runs: [] },
  });
  for (const [low, high] of [
    [0.1, 5],
    [0, 0],
    [-3, 0.9],
    [-1, 5],
  ] as const)
    assert.equal(verdictTextOf(of(6, low, high), 9.09), "too few topics (6)", `[${low}, ${high}]`);
  assert.equal(verdictOf(of(10, 0.1, 5), 9.09), "shown, smaller");
  assert.equal(verdictOf(of(20, -9, 9.5), 9.09), "too few topics", "the paper's number would not be told from 0");
  assert.equal(verdictOf(of(20, -8, 9.5), 9.09), "undecided");
  assert.equal(verdictOf(of(20, -8, 9.5), -9.09), "undecided", "claims whose number is below 0 are read by its size");
  assert.equal(verdictOf(of(20, 1, 40), 9.09), "shown", "however wide: all of it lies above 0");
  assert.equal(verdictOf(of(20, -40, 0), 9.09), "not shown", "the same on the other side");
  assert.equal(verdictOf(of(20, -9, 30)), "undecided", "no number of the paper to compare with");
});

test("the committed numbers have topics enough: their verdicts are by the rule as it is", () => {
  const committed = recordedNumbers("figures").flatMap(({ numbers }) => numbers);
  const claims = committed.flatMap(({ here, verdict, ...claim }) =>
    verdict && here !== null && typeof here === "object" ? [{ ...claim, here, verdict }] : [],
  );
  assert.ok(claims.length > 50);
  for (const { what, paper, here, verdict, topics = 60 } of claims) {
    const perSeed = [verdict.startsWith("undecided") ? NaN : here.value]; // of seeds that disagree nothing is kept
    const again = verdictOf({ ...here, a: 0, b: 0, p: 0, topics, perSeed, runs: [] }, paper);
    assert.equal(again, verdict, what);
  }
});

test("tables print, name their runs for the record only, and show seeds", () => {
  const session = { seed: 1, preset: preset("smoke") } as Session;
  const difference = armDifference(good, bad, "score", rng());
  const tables = [
    armTable(session, "x-arms", "c", [{ arm: good, printed: 77.53 }, { arm: bad }]),
    hackingTable("x-hack", "c", [good, bad]),
    differencesTable("x-diff", "c", [{ label: "good - bad", difference }]),
    claimsTable("x-claims", [{ text: "good > bad", source: "Table 0", printed: 9, here: difference }]),
  ];
  for (const table of tables) {
    assert.match(toLatex(table), /\\bottomrule/);
    assert.doesNotMatch(toMarkdown(table), /undefined|NaN/);
  }
  assert.match(toMarkdown(tables[0]!), /77\.53/);
  assert.match(toMarkdown(tables[0]!), /75\.0 to 78\.0 \(2\)/);
  assert.match(toMarkdown(tables[3]!), /shown \|/);
});

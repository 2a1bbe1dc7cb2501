// FActScore against a plain computation (test/golden/human.json) and by hand.
import assert from "node:assert/strict";
import test from "node:test";
import { Rng } from "../../lib/base/rng";
import { type FactLabel, factScore, lengthPenalty } from "../../lib/factuality/factScore";
import { userError } from "../golden/fixtures";
import { readGolden } from "../golden/golden";

const quick = { resamples: 500 };
const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);

test("40 topics, some without a response or without facts, equal numpy's averages", () => {
  const { factScore: golden } = readGolden<{
    factScore: { responses: (FactLabel[] | null)[] } & Record<
      "score" | "penalised" | "respondRatio" | "factsPerResponse",
      number
    >;
  }>("human.json");
  const got = factScore(golden.responses, new Rng(1), quick);
  for (const key of ["score", "penalised", "respondRatio", "factsPerResponse"] as const) {
    close(got[key].value, golden[key]);
    assert.ok(got[key].low < golden[key] && golden[key] < got[key].high, key);
  }
  assert.equal(got.topics, 40);
  assert.equal(got.responding, golden.responses.filter((r) => r?.length).length);
  assert.equal(got.facts.S + got.facts.NS + got.facts.IR, golden.responses.flatMap((r) => r ?? []).length);
  assert.deepEqual(factScore(golden.responses, new Rng(1), quick), got, "the same seed, the same intervals");
});

test("irrelevant facts count against, short responses are penalised, silence is neither", () => {
  const got = factScore([["S", "NS", "IR", "S"], Array<FactLabel>(20).fill("S"), null, []], new Rng(1), quick);
  close(got.score.value, (0.5 + 1) / 2);
  close(got.penalised.value, (0.5 * Math.exp(1 - 10 / 4) + 1) / 2);
  close(got.respondRatio.value, 0.5);
  close(got.factsPerResponse.value, 12);
});

test("the penalty: exp(1 - 10 / n) below ten facts, none from ten on", () => {
  close(lengthPenalty(1), Math.exp(-9));
  close(lengthPenalty(9), 0.8948393168143698);
  assert.deepEqual([10, 11, 500].map(lengthPenalty), [1, 1, 1]);
});

test("a model that never responds has no score", () => {
  assert.throws(
    () => factScore([null, []], new Rng(1)),
    userError(/at least one response with facts, got none in 2 topics/),
  );
});

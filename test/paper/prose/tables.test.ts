/** Tables of notebook 10 from known numbers: each arm in its row. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Interval } from "../../../lib/base/stats";
import { measures, type Measure } from "../../../lib/evaluation/answerTotals";
import { verdictOf } from "../../../lib/evaluation/claims";
import { proseArmNames, type ProseArm, type ProseArmName } from "../../../lib/lab/prose/arms";
import type { ProseTotals } from "../../../lib/lab/prose/totals";
import { proseGainTable, proseInShort, proseOnceClaims } from "../../../lib/paper/prose/gain";
import { probeTable, proseClaims, proseHackingTable } from "../../../lib/paper/prose/tables";
import { knownSession } from "../known";

const topics = Array.from({ length: 12 }, (_, i) => `topic ${i}`);

/** Ten sentences an answer, of which so many are wrong, unverifiable and without a fact. */
function totals(wrong: number, unverifiable: number, noFact: number): ProseTotals {
  const each: Partial<Record<Measure, number>> = {
    answers: 1,
    sentences: 10,
    correct: 10 - wrong - noFact,
    incorrect: wrong,
    noFact,
    facts: 20,
    supported: 8,
  };
  const column = (value: number, spread = 0) => topics.map((_, i) => value + (i % 2 ? spread : -spread));
  return {
    answers: {
      topics,
      sums: Object.fromEntries(
        measures.map((name) => [name, column(each[name] ?? 0, name === "incorrect" ? 0.5 : 0)]),
      ) as Record<Measure, number[]>,
    },
    prose: {
      checked: column(15),
      unverifiable: column(unverifiable),
      cut: column(0.25),
      different: column(8),
      differentWrong: column(wrong / 2),
    },
  };
}

function arm(label: string, wrong: number, unverifiable: number, noFact: number, probability: number): ProseArm {
  const all = totals(wrong, unverifiable, noFact);
  const probed = topics.map((topic) => ({
    topic,
    relation: "country",
    probability,
    right: probability > 0.5,
    values: 4,
  }));
  return {
    label,
    policies: [],
    aligned: [],
    totals: { greedy: [all], sampled: [all] },
    probed: [probed],
    runs: [label],
  };
}

const arms = Object.fromEntries(
  proseArmNames.map((name, i) => [name, arm(name, 6 - i, i, 1 + i / 2, 0.1 + 0.15 * i)]),
) as Record<ProseArmName, ProseArm>;

test("how scores were reached, a row an arm", () => {
  const { rows } = proseHackingTable(arms, "sampled");
  assert.deepEqual(
    rows.map(({ label, withFact, unverifiable, checked, cut }) => [label, withFact, unverifiable, checked, cut]),
    proseArmNames.map((name, i) => [name, 100 * (1 - (1 + i / 2) / 10), 10 * i, 75, 25]),
  );
});

test("the probe's means, over all relations and of each", (t) => {
  const table = probeTable(knownSession(t), arms);
  const [rows, chance] = [table.rows.slice(0, -1), table.rows.at(-1)];
  assert.deepEqual(chance, { label: "choosing at random", probability: 25, accuracy: 25, country: 25 });
  rows.forEach((row, i) => {
    for (const key of ["probability", "country"])
      assert.ok(Math.abs((row[key] as { value: number }).value - 100 * (0.1 + 0.15 * i)) < 1e-9, key);
    assert.equal((row["accuracy"] as { value: number }).value, i > 2 ? 100 : 0);
  });
});

test("claims set Mask-DPO against the others, greedy and sampled", (t) => {
  const claims = proseClaims(knownSession(t), arms);
  assert.deepEqual(
    claims.slice(0, 4).map(({ text, here }) => [text, Math.round(here.value)]),
    [
      ["maskDpo > base, SmolLM2-135M, greedy", 10],
      ["maskDpo > dpo, SmolLM2-135M, greedy", -10],
      ["maskDpo > random, SmolLM2-135M, greedy", -20],
      ["factsOnly > maskDpo, SmolLM2-135M, greedy", 30],
    ],
  );
  assert.equal(claims.length, 8);
  assert.equal(verdictOf(claims[0]!.here), "shown");
});

test("the gain, of all sentences and of different ones, and in words", (t) => {
  const session = knownSession(t);
  const { rows } = proseGainTable(session, arms);
  assert.deepEqual(
    rows.map(({ over, decoding, all, once }) => [
      over,
      decoding,
      ...[all, once].map((gain) => Math.round(100 * (gain as Interval).value) / 100),
    ]),
    (["sampled", "greedy"] as const).flatMap((decoding) => [
      ["base", decoding, 10, 6.25],
      ["dpo", decoding, -10, -6.25],
      ["random", decoding, -20, -12.5],
    ]),
  );
  const [first] = proseOnceClaims(session, arms);
  assert.equal(first!.text, "maskDpo > base, SmolLM2-135M, sampled, each sentence once");
  assert.deepEqual(
    first!.here.perSeed.map((value) => value.toFixed(2)),
    ["6.25"],
  );
  const text = proseInShort(session, arms);
  assert.match(
    text,
    /^Sampled: Mask-DPO over base \+10\.0 \[.+?\] points, \+6\.[23] \[.+?\] where repetitions count once/,
  );
  assert.match(text, /an answer has 3\.50 \(3\.00\) right sentences, 5\.00 \(6\.00\) wrong,/);
  assert.match(text, /^Closed questions: .+ 0\.0 % \(0\.0 %\)\.$/m);
});

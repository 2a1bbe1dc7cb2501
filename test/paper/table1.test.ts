/** Table 1 from known answers: which policy is in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { armTable } from "../../lib/evaluation/armTables";
import type { ShownEvaluation } from "../../lib/lab/evaluate";
import { runArms } from "../../lib/lab/runArms";
import type { PolicyName } from "../../lib/lab/session";
import { factTuneArm, scoreSeries, shippedArms, study, table1Claims, table1Rows } from "../../lib/paper/table1";
import { maskArms } from "../../lib/paper/table2";
import type { PairSource } from "../../lib/lab/pairSource";
import type { Mask } from "../../lib/preference/mask";
import { assertArmTable, assertClaims, assertInterval, computed, knownSession, shipped, type Scores } from "./known";

type Row = PolicyName | "factTune" | "none" | "paper";
/** The paper's scores where it prints one. */
const known: Record<ShownEvaluation, Record<Row, Scores>> = {
  "test greedy": {
    base: { score: 49.19, facts: 19.43 },
    other: { score: 45, facts: 15 },
    large: { score: 53.44, facts: 21.92 },
    factTune: { score: 56.83, facts: 22.67 },
    none: { score: 68, facts: 23 },
    paper: { score: 77.53, facts: 25.56 },
  },
  "test sampled": {
    base: { score: 47.79, facts: 18 },
    other: { score: 44, facts: 14 },
    large: { score: 52, facts: 20 },
    factTune: { score: 55, facts: 21 },
    none: { score: 65, facts: 22 },
    paper: { score: 70.67, facts: 24 },
  },
  "ood sampled": {
    base: { score: 41, facts: 30.29 },
    other: { score: 40, facts: 27 },
    large: { score: 43, facts: 40.47 },
    factTune: { score: 46, facts: 37.97 },
    none: { score: 48, facts: 38.5 },
    paper: { score: 49, facts: 39.39 },
  },
};

/** FactTune is DPO without a mask whose pairs another annotator chose. */
function rowOf(mask: Mask, annotator: PairSource["annotator"]): Row {
  if (annotator === "facts") return mask === "none" ? "factTune" : assert.fail("FactTune with a mask");
  return mask === "none" || mask === "paper" ? mask : assert.fail(`${mask} is no row of Table 1`);
}

async function computedTable(t: TestContext) {
  const session = knownSession(t);
  shipped(session, (policy, evaluation) => known[evaluation][policy]);
  computed(session, study.arms(session), ({ mask, pairs: { annotator } }, evaluation) => {
    return known[evaluation][rowOf(mask, annotator)];
  });
  const { paper, none } = maskArms(session);
  const { factTune, ...masks } = await runArms(session, { factTune: factTuneArm(session), paper, none });
  const of = (evaluation: ShownEvaluation) => shippedArms(session, evaluation);
  const policies = {
    "test greedy": await of("test greedy"),
    "test sampled": await of("test sampled"),
    "ood sampled": await of("ood sampled"),
  };
  return { session, policies, factTune, masks };
}

const order: readonly [string, Row][] = [
  ["other base", "other"],
  ["base", "base"],
  ["larger base", "large"],
  ["FactTune-style", "factTune"],
  ["DPO (no mask)", "none"],
  ["Mask-DPO", "paper"],
];

const rowCases = [
  { evaluation: "test greedy", printed: ({ score, facts }: Scores) => [score, facts] },
  { evaluation: "ood sampled", printed: ({ facts }: Scores) => [null, facts] },
] as const;
for (const { evaluation, printed } of rowCases) {
  test(`rows, ${evaluation}: every policy in its place, beside the number the paper prints for it`, async (t) => {
    const { session, policies, factTune, masks } = await computedTable(t);
    const rows = table1Rows(policies[evaluation], factTune, masks, evaluation);
    assertArmTable(
      armTable(session, "table", "caption", rows),
      order.map(([label, row]) => {
        const scores = known[evaluation][row];
        return { label, ...scores, printed: row === "other" || row === "none" ? [null, null] : printed(scores) };
      }),
    );
    assert.deepEqual(
      rows.map(({ arm }) => arm.seeds.length),
      [3, 3, 3, 2, 3, 3],
    );
  });
}

test("claims: which policy minus which, and what the paper prints", async (t) => {
  const { session, policies, factTune, masks } = await computedTable(t);
  const [greedy, sampled, ood] = [known["test greedy"], known["test sampled"], known["ood sampled"]];
  assertClaims(table1Claims(session, policies, masks, factTune), [
    ["Mask-DPO > base, greedy", "Table 1", 28.34, greedy.paper.score, greedy.base.score],
    ["Mask-DPO > base, greedy, by facts", "Table 1", 6.13, greedy.paper.facts, greedy.base.facts],
    ["Mask-DPO > base, sampled", "Table 6, best of 1", 22.88, sampled.paper.score, sampled.base.score],
    ["Mask-DPO > base, out of domain, by facts", "Table 1", 9.1, ood.paper.facts, ood.base.facts],
    ["larger base > base, greedy", "Table 1", 4.25, greedy.large.score, greedy.base.score],
    ["Mask-DPO > FactTune-style, greedy", "Table 1", 20.7, greedy.paper.score, greedy.factTune.score],
  ]);
});

test("bars: greedy, sampled and out of domain, of base, DPO and Mask-DPO", async (t) => {
  const { session, policies, masks } = await computedTable(t);
  const expected: [string, Row][] = [
    ["base", "base"],
    ["DPO (no mask)", "none"],
    ["Mask-DPO", "paper"],
  ];
  const series = scoreSeries(session, policies, masks);
  assert.deepEqual(
    series.map(({ label }) => label),
    expected.map(([label]) => label),
  );
  expected.forEach(([label, row], bar) =>
    (["test greedy", "test sampled", "ood sampled"] as const).forEach((evaluation, i) =>
      assertInterval(series[bar]!.scores[i], known[evaluation][row].score, `${label}, ${evaluation}`),
    ),
  );
});

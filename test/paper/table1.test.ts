/** Table 1 from known answers: which policy is in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { armTable } from "../../lib/evaluation/armTables";
import type { ShownEvaluation } from "../../lib/lab/evaluate";
import { runArms } from "../../lib/lab/runArms";
import type { PolicyName } from "../../lib/lab/session";
import { factTuneArm, scoreFigure, shippedArms, study, table1Claims, table1Rows } from "../../lib/paper/table1";
import { maskArms } from "../../lib/paper/table2";
import type { PairSource } from "../../lib/lab/pairSource";
import type { Mask } from "../../lib/preference/mask";
import {
  assertArmTable,
  assertClaims,
  assertMarks,
  assertNear,
  computed,
  knownSession,
  marksOf,
  shipped,
  type Scores,
} from "./known";

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

test("figure: scores, what each has over the base, how far Mask-DPO is ahead, and the paper", async (t) => {
  const { session, policies, factTune, masks } = await computedTable(t);
  const figure = scoreFigure(session, policies, masks, factTune);
  const rows = ["base", "large", "factTune", "none", "paper"] as const;
  const ticks = figure.layout.yaxis!.ticktext;
  assert.deepEqual(ticks, ["base", "larger base", "FactTune-style", "DPO (no mask)", "Mask-DPO"]);
  const labels = {
    "test greedy": "greedy",
    "test sampled": "sampled",
    "ood sampled": "out of domain, sampled",
  } as const;
  for (const [name, label] of Object.entries(labels) as [ShownEvaluation, string][]) {
    const [score, gain, lead] = [0, 1, 2].map((panel) => marksOf(figure, panel, label));
    rows.forEach((row, i) => {
      const [own, base, best] = [row, "base", "paper"].map((one) => known[name][one as Row].score) as [
        number,
        number,
        number,
      ];
      assertNear(score![i], own, `${row}, ${label}`);
      if (row === "base") assert.equal(gain![i], null);
      else if (row !== "factTune") assertNear(gain![i], own - base, `${row} - base, ${label}`); // it has fewer seeds
      if (row === "paper") assert.equal(lead![i], null);
      else if (row !== "factTune") assertNear(lead![i], best - own, `Mask-DPO - ${row}, ${label}`);
    });
    assert.ok(lead![2]! > 0 && gain![2]! > 0);
  }
  assertMarks(figure, 0, "paper (greedy)", [49.19, 53.44, 56.83, 68.44, 77.53]);
  assertMarks(figure, 1, "paper (greedy)", [null, 4.25, 7.64, 19.25, 28.34]);
  assertMarks(figure, 2, "paper (greedy)", [28.34, 24.09, 20.7, 9.09, null]);
  assert.equal(figure.layout.shapes!.length, 2, "a zero line for each panel of differences");
});

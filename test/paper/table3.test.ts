/** Table 3 from known answers: whose samples are in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { armTable } from "../../lib/evaluation/armTables";
import type { ShownEvaluation } from "../../lib/lab/evaluate";
import type { PairSource } from "../../lib/lab/pairSource";
import { armOf, policyArm, runArms } from "../../lib/lab/runArms";
import { maskArms } from "../../lib/paper/table2";
import { samplingArms, study, table3Claims, table3Figure, table3Rows } from "../../lib/paper/table3";
import {
  assertArmTable,
  assertClaims,
  assertMarks,
  computed,
  knownSession,
  seedCounts,
  shipped,
  type Scores,
} from "./known";

type Evaluation = Exclude<ShownEvaluation, "ood sampled">;
type Row = "base" | "other" | "document" | "policy";
/** Greedy: the paper's. */
const known: Record<Evaluation, Record<Row, Scores>> = {
  "test greedy": {
    base: { score: 49.19, facts: 19.43 },
    other: { score: 59.43, facts: 21.33 },
    document: { score: 39.43, facts: 16.16 },
    policy: { score: 77.53, facts: 25.56 },
  },
  "test sampled": {
    base: { score: 48, facts: 18 },
    other: { score: 57, facts: 20 },
    document: { score: 38, facts: 15 },
    policy: { score: 71, facts: 24 },
  },
};

function rowOf({ author, document }: PairSource): Row {
  if (document) return author === "base" ? "document" : assert.fail("a document for another policy's samples");
  return author === "base" ? "policy" : author === "other" ? "other" : assert.fail(`${author} samples nothing here`);
}

async function computedTable(t: TestContext, evaluation: Evaluation) {
  const session = knownSession(t);
  shipped(session, (policy, name) =>
    policy === "base" && name === evaluation ? known[evaluation].base : { score: 20, facts: 5 },
  );
  computed(session, study.arms(session), ({ pairs }, name) =>
    name === "ood sampled" ? { score: 30, facts: 10 } : known[name][rowOf(pairs)],
  );
  const { maskDpo, ...sampling } = await runArms(session, {
    ...samplingArms(session),
    maskDpo: maskArms(session).paper,
  });
  const base = await policyArm(session, "base", "base", evaluation, seedCounts.seeds);
  return { session, base, maskDpo: armOf(maskDpo, evaluation, seedCounts.seeds), sampling };
}

for (const evaluation of ["test greedy", "test sampled"] as const) {
  test(`rows, ${evaluation}: everybody's candidates in their place, beside the number the paper prints`, async (t) => {
    const { session, base, maskDpo, sampling } = await computedTable(t, evaluation);
    const row = (label: string, key: Row) => {
      const { score, facts } = known["test greedy"][key];
      return { label, ...known[evaluation][key], printed: [score, facts] };
    };
    assertArmTable(armTable(session, "table", "caption", table3Rows(base, maskDpo, sampling, evaluation)), [
      row("base", "base"),
      row("other policy", "other"),
      row("policy + document", "document"),
      row("policy", "policy"),
    ]);
  });

  test(`claims, ${evaluation}: whose candidates minus whose, and what the paper prints`, async (t) => {
    const { session, base, maskDpo, sampling } = await computedTable(t, evaluation);
    const of = (row: Row) => known[evaluation][row].score;
    const how = evaluation.slice("test ".length);
    assertClaims(table3Claims(session, evaluation, base, maskDpo, sampling), [
      [`own samples > another policy's, ${how}`, "Table 3", 18.1, of("policy"), of("other")],
      [`another policy's samples > base, ${how}`, "Table 3", 10.24, of("other"), of("base")],
      [`own samples > samples with a document for chosen, ${how}`, "Table 3", 38.1, of("policy"), of("document")],
      [`base > samples with a document for chosen, ${how}`, "Table 3", 9.76, of("base"), of("document")],
    ]);
  });
}

test("figure: scores, what each author's candidates bring, and how far own ones are ahead", async (t) => {
  const { session, base, maskDpo, sampling } = await computedTable(t, "test greedy");
  shipped(session, (policy) => (policy === "base" ? known["test sampled"].base : { score: 20, facts: 5 }));
  const sampled = {
    base: await policyArm(session, "base", "base", "test sampled", seedCounts.seeds),
    maskDpo: armOf(
      (await runArms(session, { paper: maskArms(session).paper })).paper,
      "test sampled",
      seedCounts.seeds,
    ),
  };
  const figure = table3Figure(session, { base, maskDpo }, sampled, sampling);
  const ticks = ["base", "candidates: other policy", "candidates: policy + document", "candidates: policy"];
  assert.deepEqual(figure.layout.yaxis!.ticktext, ticks);
  for (const [label, name] of [
    ["greedy", "test greedy"],
    ["sampled", "test sampled"],
  ] as const) {
    const scores = (["base", "other", "document", "policy"] as const).map((row) => known[name][row].score);
    assertMarks(figure, 0, label, scores);
    assertMarks(
      figure,
      1,
      label,
      scores.map((score, i) => (i === 0 ? null : score - scores[0]!)),
    );
    assertMarks(
      figure,
      2,
      label,
      scores.map((score, i) => (i === 3 ? null : scores[3]! - score)),
    );
  }
  assertMarks(figure, 0, "paper (greedy)", [49.19, 59.43, 39.43, 77.53]);
  assertMarks(figure, 1, "paper (greedy)", [null, 10.24, -9.76, 28.34]);
  assertMarks(figure, 2, "paper (greedy)", [28.34, 18.1, 38.1, null]);
});

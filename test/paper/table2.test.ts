/** Table 2 from known answers: which mask is in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { armTable } from "../../lib/evaluation/armTables";
import { runArms } from "../../lib/lab/runArms";
import {
  maskArms,
  sameArms,
  sameRows,
  stepCurves,
  stepLeads,
  study,
  table2Claims,
  table2Rows,
} from "../../lib/paper/table2";
import type { MaskKind } from "../../lib/preference/mask";
import { palette } from "../../lib/show/palette";
import type { Recipe } from "../../lib/lab/tuning";
import { grid, told } from "../lab/grid";
import {
  assertArmTable,
  assertClaims,
  assertNear,
  computed,
  knownSession,
  totals,
  type ExpectedClaim,
  type Scores,
} from "./known";

type Evaluation = "test greedy" | "test sampled";
/** The paper's scores where it prints one. */
const known: Record<Evaluation, Record<MaskKind, Scores>> = {
  "test greedy": {
    paper: { score: 77.53, facts: 25.56 },
    none: { score: 68.44, facts: 23.43 },
    random: { score: 60, facts: 21 },
    inverted: { score: 40, facts: 15 },
  },
  "test sampled": {
    paper: { score: 70, facts: 24 },
    none: { score: 63, facts: 22 },
    random: { score: 57, facts: 20 },
    inverted: { score: 37, facts: 14 },
  },
};
const printed: Record<MaskKind, [number | null, number | null]> = {
  paper: [77.53, 25.56],
  none: [68.44, 23.43],
  random: [null, null],
  inverted: [null, null],
};

async function computedTable(t: TestContext) {
  const session = knownSession(t);
  const own: Recipe = { objective: "dpo", mask: "paper", author: "own", document: false, annotator: "sentences" };
  session.tuning.bases.push(told(9));
  session.tuning.arms.push(grid(own, 3e-5), grid({ ...own, mask: "none" }, 3e-4));
  computed(session, study.arms(session), ({ mask, training: { lr } }, evaluation, step = 30) => {
    const { score, facts } =
      evaluation === "ood sampled" ? { score: 30, facts: 10 } : known[evaluation][mask as MaskKind];
    const own = (mask === "paper" || mask === "none") && lr === session.preset.training.lr ? 5 : 0;
    return { score: score - (30 - step) / 2 - own, facts };
  });
  return {
    session,
    masks: await runArms(session, maskArms(session)),
    same: await runArms(session, sameArms(session)),
  };
}

for (const evaluation of ["test greedy", "test sampled"] as const) {
  test(`rows, ${evaluation}: every mask in its place, beside the number the paper prints for it`, async (t) => {
    const { session, masks } = await computedTable(t);
    const row = (mask: MaskKind, label: string) => ({ label, ...known[evaluation][mask], printed: printed[mask] });
    assertArmTable(armTable(session, "table", "caption", table2Rows(masks, evaluation)), [
      row("paper", "Mask-DPO"),
      row("none", "DPO (no mask)"),
      row("random", "random mask"),
      row("inverted", "inverted mask"),
    ]);
  });
}

test("rows at the same settings: neither mask at its own", async (t) => {
  const { session, same } = await computedTable(t);
  const { paper, none } = known["test sampled"];
  assertArmTable(armTable(session, "table", "caption", sameRows(same, "test sampled")), [
    { label: "Mask-DPO, same settings", score: paper.score - 5, facts: paper.facts, printed: [null, null] },
    { label: "DPO (no mask), same settings", score: none.score - 5, facts: none.facts, printed: [null, null] },
  ]);
});

test("claims: which mask minus which, and what the paper prints", async (t) => {
  const { session, masks, same } = await computedTable(t);
  const { "test greedy": greedy, "test sampled": sampled } = known;
  assertClaims(table2Claims(session, masks, same), [
    ["Mask-DPO > DPO, greedy", "Table 2", 9.09, greedy.paper.score, greedy.none.score],
    ["Mask-DPO > DPO, greedy, by facts", "Table 2", 2.13, greedy.paper.facts, greedy.none.facts],
    ["Mask-DPO > DPO, sampled", "Table 2", null, sampled.paper.score, sampled.none.score],
    ["Mask-DPO > random mask, sampled", "control", null, sampled.paper.score, sampled.random.score],
    ["Mask-DPO > inverted mask, sampled", "control", null, sampled.paper.score, sampled.inverted.score],
    ...(["greedy", "sampled"] as const).map((decoding): ExpectedClaim => {
      const { paper, none } = known[`test ${decoding}`];
      return [`Mask-DPO > DPO, ${decoding}, same rate and beta`, "control", null, paper.score - 5, none.score - 5];
    }),
  ]);
});

test("curves: every mask in its colour, from the base over the snapshots to the end", async (t) => {
  const { session, masks } = await computedTable(t);
  const base = { label: "base", runs: [], seeds: [0, 1, 2].map((seed) => totals({ score: 50, facts: 20 }, seed)) };
  const curves = stepCurves(session, masks, base);
  const looks: [string, MaskKind, keyof typeof palette][] = [
    ["Mask-DPO", "paper", "maskDpo"],
    ["DPO (no mask)", "none", "dpo"],
    ["random mask", "random", "random"],
    ["inverted mask", "inverted", "inverted"],
  ];
  assert.equal(curves.length, looks.length);
  for (const [label, mask, look] of looks) {
    const { x, y, style } = curves.find((curve) => curve.label === label)!;
    assert.equal(style, palette[look], label);
    assert.deepEqual(x, [0, 10, 20, 30]);
    const end = known["test sampled"][mask].score;
    [50, end - 10, end - 5, end].forEach((value, i) => assertNear(y[i], value, `${label} at ${x[i]}`));
  }
  const leads = stepLeads(session, masks);
  assert.deepEqual(
    leads.map(({ label }) => label),
    looks.slice(1).map(([label]) => label),
  );
  looks.slice(1).forEach(([label, mask], m) => {
    const lead = known["test sampled"].paper.score - known["test sampled"][mask].score;
    assert.deepEqual(leads[m]!.x, [10, 20, 30]);
    for (const y of leads[m]!.y) assertNear(y, lead, `Mask-DPO minus ${label}`);
  });
});

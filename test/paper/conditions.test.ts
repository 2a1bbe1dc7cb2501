/** Mask-DPO against DPO under conditions, from known answers: what each trains, and which way every difference goes. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Experiment } from "../../lib/lab/experiment";
import { runArms } from "../../lib/lab/runArms";
import type { Session } from "../../lib/lab/session";
import { conditionCells, conditionRows, leadCurve, rowsAlong, runConditions, study } from "../../lib/paper/conditions";
import { maskArms } from "../../lib/paper/table2";
import { assertInterval, assertNear, computed, knownSession } from "./known";

/** Scores of Mask-DPO and DPO by what was trained; snapshots are taken after 10 and 20 of 30 steps. */
const known: Record<string, { paper: number; none: number; pairs: number }> = {
  "after 10 steps": { paper: 55, none: 54, pairs: 100 },
  "after 20 steps": { paper: 61, none: 59, pairs: 100 },
  "all steps, K = 4, 6 topics": { paper: 70, none: 66, pairs: 100 },
  "K = 2": { paper: 60, none: 57, pairs: 80 },
  "1/3 of the topics": { paper: 58, none: 56.5, pairs: 33 },
  "2/3 of the topics": { paper: 66, none: 63.5, pairs: 66 },
  "a quarter of the learning rate": { paper: 52, none: 53, pairs: 100 },
};

/** In the words of the table. */
function nameOf({ preset }: Session, { pairs, training }: Experiment, step?: number): string {
  if (step !== undefined) return `after ${step} steps`;
  if (training.lr === preset.training.lr / 4) return "a quarter of the learning rate";
  if (pairs.k !== preset.candidates) return `K = ${pairs.k}`;
  if (pairs.topics !== preset.topics) return `${(3 * pairs.topics) / preset.topics}/3 of the topics`;
  return "all steps, K = 4, 6 topics";
}

async function computedTable(t: TestContext) {
  const session = knownSession(t);
  const { paper, none } = maskArms(session);
  computed(
    session,
    [paper, none, ...study.arms(session)],
    (experiment, _evaluation, step) => {
      const { mask } = experiment;
      const score =
        known[nameOf(session, experiment, step)]![mask === "paper" || mask === "none" ? mask : assert.fail()];
      return { score, facts: score / 3 };
    },
    (experiment) => {
      const { pairs } = known[nameOf(session, experiment)]!;
      return { pairs, wrongInChosen: pairs / 1000, rightInRejected: pairs / 500 };
    },
  );
  return conditionRows(session, await runArms(session, { paper, none }), await runConditions(session));
}

test("rows: on the way, all there is, then every condition, each with Mask-DPO minus DPO", async (t) => {
  const rows = await computedTable(t);
  assert.deepEqual(
    rows.map(({ label }) => label),
    Object.keys(known),
  );
  const cells = conditionCells(knownSession(t), rows);
  rows.forEach(({ label, difference }, i) => {
    const { paper, none, pairs } = known[label]!;
    assertInterval(difference, paper - none, label);
    const { cells: shown, ...rest } = cells[i]!;
    assert.equal(rest.difference, difference);
    assertInterval(shown.paper, paper, `${label}, Mask-DPO`);
    assertInterval(shown.none, none, `${label}, DPO`);
    assertNear(shown.pairs as number, pairs, label);
    assertNear(shown.wrong as number, pairs / 10, `${label}, wrong in chosen`);
    assertNear(shown.right as number, pairs / 5, `${label}, right in rejected`);
  });
  assert.deepEqual(
    rows.map(({ steps }) => steps),
    [10, 20, 30, 30, 30, 30, 30],
  );
});

test("each aspect ends with the full setting, and the lead is drawn from left to right", async (t) => {
  const rows = await computedTable(t);
  const full = "all steps, K = 4, 6 topics";
  const along = (aspect: Parameters<typeof rowsAlong>[1]) => rowsAlong(rows, aspect).map(({ label }) => label);
  assert.deepEqual(along("steps"), ["after 10 steps", "after 20 steps", full]);
  assert.deepEqual(along("candidates"), [full, "K = 2"]);
  assert.deepEqual(along("topics"), [full, "1/3 of the topics", "2/3 of the topics"]);
  assert.deepEqual(along("rate"), [full, "a quarter of the learning rate"]);
  const { x, y, low, high } = leadCurve(rowsAlong(rows, "topics"), ({ pairs }) => pairs);
  assert.deepEqual(x, [33, 66, 100]);
  [1.5, 2.5, 4].forEach((lead, i) => {
    assertNear(y[i], lead, `lead at ${x[i]} pairs`);
    assert.ok(low![i]! < y[i]! && y[i]! < high![i]!);
  });
});

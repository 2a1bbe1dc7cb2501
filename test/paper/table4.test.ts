/** Table 4 from known answers: which pairs are in which row, beside which printed number, and which way claims go. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { armTable } from "../../lib/evaluation/armTables";
import { armOf, runArms } from "../../lib/lab/runArms";
import { maskArms } from "../../lib/paper/table2";
import {
  scalingArms,
  scalingCurves,
  scalingLeads,
  scalingOf,
  study,
  table4Claims,
  table4Rows,
} from "../../lib/paper/table4";
import { palette } from "../../lib/show/palette";
import { assertArmTable, assertClaims, assertNear, computed, knownSession, seedCounts } from "./known";

/** The paper's scores, by topics and questions a topic. */
const known: Record<string, number> = {
  "2 of 6 topics, 3 questions": 65.04,
  "4 of 6 topics, 3 questions": 71.56,
  "6 of 6 topics, 1 questions": 69.03,
  "6 of 6 topics, 2 questions": 73.03,
  "6 of 6 topics, 3 questions": 77.53,
};

async function computedTable(t: TestContext) {
  const session = knownSession(t);
  computed(session, study.arms(session), ({ pairs: { topics, questionsPerTopic } }, evaluation) => {
    const score = known[`${topics} of ${session.preset.topics} topics, ${questionsPerTopic} questions`];
    assert.ok(score, `no row of Table 4: ${topics} topics, ${questionsPerTopic} questions`);
    return { score: evaluation === "test sampled" ? score : 10, facts: score / 3 };
  });
  const { all, ...parts } = await runArms(session, { ...scalingArms(session), all: maskArms(session).paper });
  return { session, scaling: scalingOf(parts, armOf(all, "test sampled", seedCounts.seeds)) };
}

test("rows: every part in its place, beside the number the paper prints for it", async (t) => {
  const { session, scaling } = await computedTable(t);
  const row = (label: string, score: number) => ({ label, score, facts: score / 3, printed: [score, null] });
  assertArmTable(armTable(session, "table", "caption", table4Rows(scaling)), [
    row("1/3 of the topics", 65.04),
    row("2/3 of the topics", 71.56),
    row("all topics", 77.53),
    row("1 question a topic", 69.03),
    row("2 questions a topic", 73.03),
    row("all questions", 77.53),
  ]);
});

test("claims: which part minus which, and what the paper prints", async (t) => {
  const { session, scaling } = await computedTable(t);
  assertClaims(table4Claims(session, scaling), [
    ["all topics > a third of them", "Table 4", 12.49, 77.53, 65.04],
    ["all topics > two thirds", "Table 4", 5.97, 77.53, 71.56],
    ["3 questions a topic > 1", "Table 4", 8.5, 77.53, 69.03],
    ["all topics with 1 question > a third with 3", "Table 4", 3.99, 69.03, 65.04],
    ["all topics with 2 questions > two thirds with 3", "Table 4", 1.47, 73.03, 71.56],
  ]);
});

test("curves: topics and questions by thirds, here and in the paper", async (t) => {
  const { session, scaling } = await computedTable(t);
  const curves = scalingCurves(session, scaling);
  const { maskDpo, dpo } = palette;
  const expected = [
    { label: "scaling topics", colour: maskDpo.color, y: [65.04, 71.56, 77.53], here: true },
    { label: "scaling questions", colour: dpo.color, y: [69.03, 73.03, 77.53], here: true },
    { label: "paper: topics", colour: maskDpo.color, y: [65.04, 71.56, 77.53], here: false },
    { label: "paper: questions", colour: dpo.color, y: [69.03, 73.03, 77.53], here: false },
  ];
  assert.deepEqual(
    curves.map(({ label, style, low }) => ({ label, colour: style.color, here: low !== undefined })),
    expected.map(({ label, colour, here }) => ({ label, colour, here })),
  );
  expected.forEach(({ label, y }, i) => {
    assert.deepEqual(curves[i]!.x, [1 / 3, 2 / 3, 1], label);
    y.forEach((value, third) => assertNear(curves[i]!.y[third], value, label));
  });
});

test("leads: of as many pairs, all topics minus all questions, here and in the paper", async (t) => {
  const { session, scaling } = await computedTable(t);
  for (const { x, y } of scalingLeads(session, scaling)) {
    assert.deepEqual(x, [1 / 3, 2 / 3]);
    assertNear(y[0], 69.03 - 65.04, "a third");
    assertNear(y[1], 73.03 - 71.56, "two thirds");
  }
});

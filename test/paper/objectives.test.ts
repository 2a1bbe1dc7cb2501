/** Notebook 11 from known answers: every objective in its row, differences to DPO under the same mask, claims. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { objectives } from "../../lib/align/objective/registry";
import { armTable } from "../../lib/evaluation/armTables";
import { methodTable } from "../../lib/evaluation/methodClaims";
import { runArms } from "../../lib/lab/runArms";
import {
  againstDpo,
  objectiveArms,
  objectiveClaims,
  objectiveForest,
  objectiveRows,
  study,
} from "../../lib/paper/objectives";
import { trackFigure, trackTable } from "../../lib/paper/objectiveTracks";
import { requestsOf } from "../../lib/lab/study";
import { assertArmTable, assertInterval, assertNear, computed, computedTrack, knownSession, totals } from "./known";

/** Each objective two points above the one before, a mask ten above none. */
const scoreOf = (objective: string, mask: string): number =>
  20 + 2 * objectives.findIndex(({ name }) => name === objective) + (mask === "paper" ? 10 : 0);

async function computedArms(t: TestContext, objectiveMasks: readonly ("paper" | "none")[]) {
  const known = knownSession(t);
  const session = { ...known, preset: { ...known.preset, objectiveMasks } };
  computed(session, study.arms(session), ({ mask, training: { objective } }) => ({
    score: scoreOf(objective.name, mask),
    facts: 10,
  }));
  requestsOf(session, study.arms(session))
    .filter(({ track }) => track)
    .forEach(({ experiment }) => {
      const place = objectives.findIndex(({ name }) => name === experiment.training.objective.name);
      computedTrack(session, experiment, place / 100);
    });
  const base = { label: "base", runs: [], seeds: [0, 1].map((seed) => totals({ score: 15, facts: 9 }, seed)) };
  return { session, base, arms: await runArms(session, objectiveArms(session)) };
}

test("rows: the base, every objective under the mask, and DPO without one", async (t) => {
  const { session, base, arms } = await computedArms(t, ["paper"]);
  const table = armTable(session, "table", "caption", objectiveRows(base, arms, "test sampled"));
  assertArmTable(table, [
    { label: "base", score: 15, facts: 9, printed: [null, null] },
    ...objectives.map(({ name, label }) => ({
      label: name === "dpo" ? "Mask-DPO" : `${label}, masked`,
      score: scoreOf(name, "paper"),
      facts: 10,
      printed: [null, null],
    })),
    { label: "DPO (no mask)", score: scoreOf("dpo", "none"), facts: 10, printed: [null, null] },
  ]);
  assert.ok(table.rows.every(({ characters, correct, incorrect }) => [characters, correct, incorrect].every(Number)));
});

test("differences: to DPO under the same mask, in the forest beside its name", async (t) => {
  const { session, arms } = await computedArms(t, ["paper", "none"]);
  for (const mask of ["paper", "none"] as const) {
    const differences = againstDpo(session, arms, mask);
    assert.deepEqual(
      [...differences.keys()],
      objectives.slice(1).map(({ name }) => name),
    );
    for (const [name, { value, a, b }] of differences) {
      assertNear(value, scoreOf(name, mask) - scoreOf("dpo", mask), name);
      assertNear(a, scoreOf(name, mask), name);
      assertNear(b, scoreOf("dpo", mask), name);
    }
  }
  const { data, layout } = objectiveForest(session, arms);
  const [masked, plain] = data as { name: string; x: number[]; y: number[]; text: string[] }[];
  assert.deepEqual([masked!.name, plain!.name], ["with the paper's mask", "without a mask"]);
  const labels = (layout.yaxis as { ticktext: string[] }).ticktext;
  masked!.text.forEach((label, i) => {
    const at = objectives.findIndex((objective) => objective.label === label);
    assertNear(masked!.x[i], 2 * at, label);
    assert.equal(labels[Math.round(masked!.y[i]!)], label);
  });
});

test("claims: each method minus DPO with the mask, fKTO minus KTO; their verdicts", async (t) => {
  const { session, arms } = await computedArms(t, ["paper"]);
  const claims = objectiveClaims(session, arms);
  const { rows } = methodTable("claims", "caption", claims);
  const place = (label: string) => objectives.findIndex((objective) => objective.label === label);
  rows.forEach(({ text, here, verdict }, i) => {
    const { method } = claims[i]!;
    const value = 2 * (place(method) - (text === "fKTO > KTO" ? place("KTO") : 0));
    assertInterval(here, value, method);
    assert.equal(verdict, "shown");
  });
});

test("tracks: the base once, then where each arm ended; curves of the first seed from step 0", async (t) => {
  const { arms } = await computedArms(t, ["paper"]);
  const { rows } = trackTable(arms);
  assert.equal(rows[0]!["label"], "base");
  assertNear(Number(rows[0]!["right"]), 10, "right values under the base");
  const place = objectives.findIndex(({ name }) => name === "simpo");
  const row = rows.find(({ label }) => label === "SimPO, masked")!;
  [10 + place, 50 - place, 40].forEach((value, i) =>
    assertNear(Number(row[["right", "stated", "other"][i]!]), value, `mass ${i}`),
  );
  const curves = trackFigure(arms).data as { name: string; x: number[]; y: number[] }[];
  const simpo = curves.filter(({ name }) => name === "SimPO, masked");
  assert.equal(simpo.length, 6);
  assert.deepEqual(simpo[0]!.x, [0, 30]);
  assertNear(simpo[0]!.y[1], 10 + place, "right values at the end");
});

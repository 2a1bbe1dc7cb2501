/** Notebook 12 from known answers: chains in their rows, claims the right way round, measures from the right stage. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { canonicalJson } from "../../lib/base/hash";
import { methodTable } from "../../lib/evaluation/methodClaims";
import type { Question } from "../../lib/factuality/records";
import { asIs } from "../../lib/lab/candidates";
import { seedsOf, type Session } from "../../lib/lab/session";
import type { StagedSpec } from "../../lib/lab/stages/runStages";
import { stageName, type Chain } from "../../lib/lab/stages/stage";
import { dataMethodArms, dataMethodClaims, methodArmTable, runDataMethods } from "../../lib/paper/methods/dataMethods";
import { correctedTable } from "../../lib/paper/methods/opa";
import { goalTable } from "../../lib/paper/methods/rewardAugmented";
import { implicitLabelTable } from "../../lib/paper/methods/spa";
import { estimatorTable } from "../../lib/paper/methods/tisDpo";
import { loadAtlas } from "../../lib/world/atlas";
import { assertArmTable, assertInterval, assertNear, knownSession, totals, writeAnswers, writeRun } from "./known";

const atlas = loadAtlas();
const [asked] = atlas.splits.test as [Question];

/** What a policy is and what it is asked: arms that are the same thing have the same answers. */
const keyOf = ({ stages, ask = asIs }: StagedSpec): string => canonicalJson([stages, ask(asked)]);

/** Every policy a point above the one before, from 40. */
function scores(session: Session): (spec: StagedSpec) => number {
  const keys = Object.values(dataMethodArms(session)).flatMap((arms) => Object.values(arms).map(keyOf));
  const known = [...new Set(keys)];
  return (spec) => 40 + known.indexOf(keyOf(spec));
}

async function computedMethods(t: TestContext) {
  const session = knownSession(t, atlas);
  const scoreOf = scores(session);
  const specs = dataMethodArms(session);
  for (const spec of Object.values(specs).flatMap((arms) => Object.values(arms)))
    for (const seed of seedsOf(session, spec.seeds)) {
      spec.stages.forEach((_, i) => {
        const chain: Chain = { stages: spec.stages.slice(0, i + 1), seed };
        const name = stageName(session, chain);
        const measures = { labelAccuracy: 0.5 + i / 10, sureLabels: 0.6 + i / 10, unsureLabels: 0.4 + i / 10 };
        const auc = { aucChosen: 0.7, aucRejected: 0.8, correctedLogp: -0.9 + i / 10 };
        writeRun(session, name, "result.json", {
          policy: name,
          rows: 10 * i,
          steps: 3,
          measures: { ...measures, ...auc },
        });
      });
      const policy = stageName(session, { stages: spec.stages, seed });
      for (const evaluation of spec.evaluations)
        writeAnswers(session, policy, evaluation, seed, { score: scoreOf(spec), facts: scoreOf(spec) - 20 }, spec.ask);
    }
  const base = { label: "base", runs: [], seeds: [0, 1].map((seed) => totals({ score: 35, facts: 15 }, seed)) };
  return { session, specs, scoreOf, base, methods: await runDataMethods(session) };
}

test("rows: the base, then each arm of a method in its order", async (t) => {
  const { session, specs, scoreOf, base, methods } = await computedMethods(t);
  for (const name of [
    "factTune",
    "flame",
    "goals",
    "spa",
    "onPolicy",
    "tis",
    "misleading",
    "opa",
    "tokenRewards",
  ] as const) {
    const table = methodArmTable(session, "table", "caption", { sampled: base, greedy: base }, methods[name]);
    assert.deepEqual(
      table.rows.map(({ greedy }) => greedy !== null),
      table.rows.map((_, i) => i === 0 || name !== "misleading"),
    );
    assertArmTable(table, [
      { label: "base", score: 35, facts: 15, printed: [null, null] },
      ...Object.values(specs[name]).map((spec) => ({
        label: spec.label,
        score: scoreOf(spec),
        facts: scoreOf(spec) - 20,
        printed: [null, null],
      })),
    ]);
  }
});

test("claims: which arm minus which, what is printed, and verdicts that follow", async (t) => {
  const { session, specs, scoreOf, base, methods } = await computedMethods(t);
  const score = (method: keyof typeof specs, key: string) => scoreOf(specs[method][key]!);
  const expected: [text: string, higher: number, lower: number, printed?: number][] = [
    ["FactTune > base", score("factTune", "anyPairs"), 35],
    ["best and worst > any two that differ", score("factTune", "bestWorst"), score("factTune", "anyPairs"), 11.61],
    ["SFT on known facts > on unknown ones", score("flame", "known"), score("flame", "unknown")],
    ["base > SFT on unknown facts", 35, score("flame", "unknown")],
    [
      "SFT on own answers, then DPO > on true texts, then DPO, by facts",
      score("flame", "ownDpo"),
      score("flame", "trueDpo"),
      5.6,
    ],
    ["goals > DPO with as many steps", score("goals", "goals"), score("goals", "twice")],
    ["goals > the same goal for all", score("goals", "goals"), score("goals", "constant")],
    ["SPA > its seed", score("spa", "spa"), score("spa", "seed")],
    ["SPA with smoothing > without", score("spa", "smoothed"), score("spa", "spa")],
    ["few labels and its own > all labels", score("spa", "spa"), score("spa", "oracle")],
    ["DPO > SFT on the best, off-policy (negative gradient)", score("onPolicy", "dpo"), score("onPolicy", "sft")],
    ["DPO > SFT on the best, refreshed", score("onPolicy", "refreshedDpo"), score("onPolicy", "refreshedSft")],
    ["refreshed > off-policy, DPO", score("onPolicy", "refreshedDpo"), score("onPolicy", "dpo")],
    ["refreshed > off-policy, SFT on the best", score("onPolicy", "refreshedSft"), score("onPolicy", "sft")],
    ["all samples once > a third of them three times", score("onPolicy", "dpo"), score("onPolicy", "reused")],
    ["estimated weights > DPO", score("tis", "contrast"), score("tis", "uniform")],
    ["estimated weights > the same, shuffled", score("tis", "contrast"), score("tis", "shuffled")],
    ["weights that know the verdicts > estimated ones", score("tis", "verdicts"), score("tis", "contrast")],
    [
      "three stages > answering only, behind false premises",
      score("misleading", "three"),
      score("misleading", "answer"),
    ],
    ["three stages > with shuffled labels", score("misleading", "three"), score("misleading", "blind")],
    [
      "without a premise > behind a false one, three stages",
      score("misleading", "threeClean"),
      score("misleading", "three"),
    ],
    ["corrected answers made on-policy first > at once", score("opa", "onPolicy"), score("opa", "corrected")],
    ["OPA-DPO > SFT on corrected answers", score("opa", "onPolicy"), score("opa", "imitated")],
    ["OPA-DPO > best and worst of its own", score("opa", "onPolicy"), score("opa", "own")],
    ["rewards of sentences > of answers", score("tokenRewards", "sentence"), score("tokenRewards", "answer")],
    ["advantages flipped by sentences > of answers", score("tokenRewards", "flipped"), score("tokenRewards", "answer")],
    [
      "rewards of sentences > best and worst, refreshed",
      score("tokenRewards", "sentence"),
      score("tokenRewards", "pairs"),
    ],
  ];
  const claims = dataMethodClaims(session, base, methods);
  assert.deepEqual(
    claims.map(({ text, printed }) => [text, printed]),
    expected.map(([text, , , printed]) => [text, printed]),
  );
  methodTable("claims", "caption", claims).rows.forEach((row, i) => {
    const [text, higher, lower, printed] = expected[i]!;
    assertInterval(row.here, higher - lower, text);
    const small = printed !== undefined && higher - lower < printed - 1;
    assert.equal(row.verdict, higher < lower ? "not shown" : small ? "smaller" : "shown", text);
  });
});

test("measures: labels by round, estimates of the last stage; goals against the highest", async (t) => {
  const { session, specs, scoreOf, methods } = await computedMethods(t);
  assert.deepEqual(
    implicitLabelTable(methods.spa).rows.map(({ round, pairs, all, sure, unsure }) =>
      [round, pairs, all, sure, unsure].map(rounded),
    ),
    [
      [1, 10, 60, 70, 50],
      [2, 20, 70, 80, 60],
    ],
  );
  assert.deepEqual(
    estimatorTable(methods.tis).rows.map(({ side, auc }) => [side, rounded(auc)]),
    [
      ["chosen", 70],
      ["rejected", 80],
    ],
  );
  assert.deepEqual(
    correctedTable(methods.opa).rows.map(({ logp }) => rounded(logp)),
    [-0.9, -0.8],
    "of the last stage: where DPO begins",
  );
  const { rows } = goalTable(session, methods.goals.goals, methods.lowerGoals);
  assert.deepEqual(
    rows.map(({ label }) => label),
    ["goal 2", "goal 4", "goal 6", "goal 8", "goal 10"],
  );
  const highest = scoreOf(specs.goals["goals"]!);
  rows.slice(0, -1).forEach((row, i) => {
    const own = scoreOf(specs.lowerGoals[`goal ${2 * (i + 1)}`]!);
    assertInterval(row["less"], own - highest, String(i));
  });
  assertNear((rows[4]!["score"] as { value: number }).value, highest, "the highest");
});

function rounded(value: unknown): number {
  return Math.round(Number(value) * 1e6) / 1e6;
}

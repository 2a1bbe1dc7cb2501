/** Notebook 14 from known answers: which world stands in which column, and what a claim is about. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Rng } from "../../lib/base/rng";
import { armContrast, armDifference, type ArmDifference } from "../../lib/evaluation/arm";
import { requestsOf } from "../../lib/lab/study";
import { armOf, policyArm, runArms } from "../../lib/lab/runArms";
import type { Session } from "../../lib/lab/session";
import { scalingArms, scalingOf } from "../../lib/paper/table4";
import { runGroups } from "../../lib/paper/table5";
import { worldClaims, worldClaimTable, worldNumbers, readingOf } from "../../lib/paper/worlds/worldClaims";
import { worldFigure } from "../../lib/paper/worlds/worldFigure";
import {
  worldGainTable,
  worldGraphTable,
  worldTable2,
  worldTable4,
  worldTable5,
  worldTable6,
} from "../../lib/paper/worlds/worldTables";
import { worldGroups, worldMaskArms, type WorldResults } from "../../lib/paper/worlds/worlds";
import { embeddingNames } from "../../lib/topic/embedding";
import { assertInterval, computed, knownSession, seedCounts, shipped, totals } from "./known";

const free = { paper: 70, none: 66, random: 65, inverted: 40, base: 58, third: 62, one: 65, near: 69, far: 64 };
const fixed = { paper: 60, none: 57, random: 56, inverted: 30, base: 58, third: 57, one: 58, near: 59, far: 62 };
type Known = Record<keyof typeof free, number>;

const interval = (value: number) => ({ value, low: value - 1, high: value + 1 });
const difference = (value: number): ArmDifference => ({
  ...interval(value),
  ...{ a: value, b: 0, p: 0.01, topics: 60, perSeed: [value], runs: [`run ${value}`] },
});

/** What a world comes to, by the scores of its arms. */
async function results(session: Session, known: Known, gap: number): Promise<WorldResults> {
  const { topics } = session.preset;
  const specs = [
    ...Object.values(worldMaskArms(session)),
    ...Object.values(scalingArms(session)),
    ...worldGroups(session).flatMap(({ near, far }) => [near, far]),
  ];
  computed(session, specs, ({ mask, pairs }, evaluation) => {
    const { group } = pairs;
    const part = pairs.topics < topics ? known.third : pairs.questionsPerTopic < 3 ? known.one : undefined;
    const score = group
      ? known[group.embedding === "base" ? group.distance : "near"]
      : (part ?? known[mask as "paper"]);
    return { score: evaluation === "test greedy" ? score + 5 : score, facts: score - 20 };
  });
  shipped(session, (_, evaluation) => ({
    score: known.base + (evaluation === "test greedy" ? 5 : 0),
    facts: known.base - 20,
  }));
  const { all, ...parts } = await runArms(session, { all: worldMaskArms(session).paper, ...scalingArms(session) });
  const point = (n: number, value: number) => ({
    n,
    macroScore: interval(value / 100),
    score: interval(value / 100),
    perAnswer: { sentences: 8, correct: 4, incorrect: 4, noFact: 0 },
  });
  const base = (evaluation: "test sampled" | "test greedy") =>
    policyArm(session, "base", "base", evaluation, seedCounts.maskSeeds);
  const graphTest = { relation: "all", statements: gap * 10, topics: 5, correlation: { value: 0, expected: 0, p: 1 } };
  const tests = [{ ...graphTest, relation: "all" as const, rank: { ...interval(gap / 100), expected: 0.4, p: 0.02 } }];
  return {
    base: { "test sampled": await base("test sampled"), "test greedy": await base("test greedy") },
    masks: await runArms(session, worldMaskArms(session)),
    scaling: scalingOf(parts, armOf(all, "test sampled", seedCounts.seeds)),
    groups: await runGroups(session, worldGroups(session)),
    bestOf: {
      base: [point(1, known.base), point(4, known.base + 10)],
      maskDpo: [point(1, known.paper), point(4, known.paper + 10)],
      gaps: [
        { n: 1, ...difference(gap) },
        { n: 4, ...difference(gap - 1) },
      ],
      slope: difference(-gap / 10),
    },
    graph: {
      runs: ["graph"],
      wrong: { counts: new Map(), attributed: 0, unattributed: 0 },
      embeddings: Object.fromEntries(
        embeddingNames.map((name) => [name, { tests }]),
      ) as unknown as WorldResults["graph"]["embeddings"],
    },
    gain: { choice: gap / 100, accuracy: gap / 200, runs: ["gain"] },
    kept: { base: 1 - gap / 100, maskDpo: 1 - gap / 50, runs: ["kept"] },
  };
}

async function worlds(t: TestContext) {
  const sessions = { free: knownSession(t), fixed: { ...knownSession(t), world: "fixed" as const } };
  return {
    session: sessions.free,
    worlds: { free: await results(sessions.free, free, 12), fixed: await results(sessions.fixed, fixed, 2) },
  };
}

test("tables: each arm of each world in its column", async (t) => {
  const { session, worlds: both } = await worlds(t);
  for (const [decoding, more] of [
    ["sampled", 0],
    ["greedy", 5],
  ] as const) {
    const { rows } = worldTable2(session, both, decoding);
    (["base", "paper", "none", "random", "inverted"] as const).forEach((key, i) => {
      assertInterval(rows[i]!["free score"], free[key] + more, `free ${key}`);
      assertInterval(rows[i]!["fixed score"], fixed[key] + more, `fixed ${key}`);
    });
    assert.deepEqual(
      rows.map(({ printed }) => printed),
      more === 5 ? [null, 77.53, 68.44, null, null] : [null, null, null, null, null],
      "the paper's are greedy",
    );
  }
  const scaling = worldTable4(session, both).rows;
  const expected = ["third", "third", "paper", "one", "one", "paper"] as const;
  expected.forEach((key, i) => {
    assertInterval(scaling[i]!["free score"], free[key], `free ${i}`);
    assertInterval(scaling[i]!["fixed score"], fixed[key], `fixed ${i}`);
  });
  const [own, random] = worldTable5(both).rows;
  assertInterval(own!["free"], 5, "near - far, free");
  assertInterval(own!["fixed"], -3, "near - far, fixed");
  assert.equal((random!["free"] as { value: number }).value, 0);
  const best = worldTable6(both).rows;
  assert.deepEqual(
    best.map((row) => [row.n, row["free base"], row["fixed maskDpo"], row["fixed gap"]].map(valueOf)),
    [
      [1, 58, 60, 2],
      [4, 68, 70, 1],
    ],
  );
  assert.deepEqual([best[0]!["base"], best[0]!["maskDpo"]], [47.79, 70.67]);
  const [graph] = worldGraphTable(both).rows;
  assert.deepEqual(
    [graph!["free statements"], graph!["free rank"], graph!["fixed statements"], graph!["fixed rank"]].map(valueOf),
    [120, 0.12, 20, 0.02],
  );
  assert.deepEqual(
    worldGainTable(both).rows.map((row) => [row["free"], row["fixed"]].map(valueOf)),
    [
      [12, 2],
      [6, 1],
      [88, 98],
      [76, 96],
    ],
  );
});

test("claims: the same difference in both worlds, free minus fixed beside it", async (t) => {
  const { session, worlds: both } = await worlds(t);
  const claims = worldClaims(session, both);
  const expected: [text: string, free: number, fixed: number, printed: number | null][] = [
    ["Mask-DPO > base, greedy", 12, 2, 28.34],
    ["Mask-DPO > base, sampled", 12, 2, null],
    ["Mask-DPO > base, sampled, by facts", 12, 2, null],
    ["DPO > base, sampled", 8, -1, null],
    ["Mask-DPO > DPO, greedy", 4, 3, 9.09],
    ["Mask-DPO > DPO, sampled", 4, 3, null],
    ["Mask-DPO > random mask, sampled", 5, 4, null],
    ["all topics > a third of them", 8, 3, 12.49],
    ["3 questions a topic > 1", 5, 2, 8.5],
    ["all topics with 1 question > a third with 3", 3, 1, 3.99],
    ["near > far half by the policy's own embedding", 5, -3, 4.49],
    ["Mask-DPO > base at best of 4", 11, 1, null],
    ["the gap does not close: its change when N doubles", -1.2, -0.2, null],
  ];
  const contrastOf = (i: number) => (i < 11 ? expected[i]![1] - expected[i]![2] : null);
  const { rows } = worldClaimTable(claims);
  assert.deepEqual(
    rows.map(({ text, printed }) => [text, printed]),
    expected.map(([text, , , printed]) => [text, printed]),
  );
  rows.forEach((row, i) => {
    const [text, ofFree, ofFixed] = expected[i]!;
    assertInterval(row["free"], ofFree, text);
    assertInterval(row["fixed"], ofFixed, text);
    if (i < 11) assertInterval(row["contrast"], contrastOf(i)!, text);
    else assert.equal(row["contrast"], null);
  });
  const { data, runs } = worldFigure(claims);
  const drawn = data.map((series) => (series as { x: (number | null)[] }).x.map((x) => x && Math.round(100 * x) / 100));
  assert.deepEqual(
    drawn,
    [1, 2, 3].map((i) => expected.map((row) => row[i])).concat([rows.map((_, i) => contrastOf(i))]),
    "free, fixed, the paper's, and free minus fixed",
  );
  assert.ok(runs!.includes("run 11"), "of best of N too");
  assert.equal(rows[0]!["reading"], "both");
  assert.equal(rows[3]!["reading"], "choosing");
  assert.equal(rows[10]!["reading"], "choosing");
  worldNumbers(claims).forEach(({ what, paper }, i) => {
    assert.match(what, /fixed agenda/);
    assert.equal(paper, expected[i]![3]);
  });
});

test("readings: knowing only where it holds without a choice", () => {
  const at = (value: number, width: number): ArmDifference => ({
    ...difference(value),
    low: value - width,
    high: value + width,
  });
  const reading = (ofFree: ArmDifference, ofFixed: ArmDifference, contrast: number | null) =>
    readingOf({ here: { free: ofFree, fixed: ofFixed }, contrast: contrast === null ? null : interval(contrast) });
  assert.equal(reading(at(5, 1), at(5, 1), 0), "knowing");
  assert.equal(reading(at(9, 1), at(5, 1), 4), "both");
  assert.equal(reading(at(9, 1), at(5, 1), null), "knowing", "no contrast was measured");
  assert.equal(reading(at(0, 0.5), at(5, 1), -5), "knowing", "also where a choice hides it");
  assert.equal(reading(at(5, 1), at(0, 0.5), 5), "choosing");
  assert.equal(reading(at(0, 0.5), at(0, 0.5), 0), "neither");
  assert.equal(reading(at(5, 1), at(2, 3), 3), "undecided");
  assert.equal(reading(at(2, 3), at(0, 0.5), 2), "undecided");
});

test("contrast: a difference of differences, of the same topics only", () => {
  const arm = (score: number, topics?: string[]) => {
    const own = totals({ score, facts: score }, 2);
    return { label: String(score), runs: [], seeds: [topics ? { ...own, topics } : own] };
  };
  const pair = (higher: number, lower: number) => ({ higher: arm(higher), lower: arm(lower) });
  assertInterval(armContrast(pair(70, 60), pair(65, 61), "score", new Rng(1)), 6, "10 - 4");
  const same = armContrast(pair(70, 60), { higher: arm(50), lower: arm(50) }, "score", new Rng(1));
  const plain = armDifference(arm(70), arm(60), "score", new Rng(1));
  assert.ok(Math.abs(same.value - plain.value) < 1e-9, "against nothing it is the difference itself");
  const others = Array.from({ length: 12 }, (_, i) => `other ${i}`);
  const elsewhere = { higher: arm(70, others), lower: arm(60, others) };
  assert.throws(() => armContrast(pair(70, 60), elsewhere, "score", new Rng(1)), /the same topics/);
});

test("arms: Table 5's halves of the base alone; as many seeds of each mask", (t) => {
  const session = knownSession(t);
  assert.deepEqual(
    worldGroups(session).map(({ policy, embedding, share }) => [policy, embedding, share]),
    [
      ["base", "base", 1 / 2],
      ["base", "random", 1 / 2],
    ],
  );
  const requests = requestsOf(session, Object.values(worldMaskArms(session)));
  assert.equal(requests.length, 4 * seedCounts.maskSeeds);
  assert.ok(requests.every(({ experiment }) => !experiment.snapshots));
});

function valueOf(cell: unknown): number {
  const value = typeof cell === "object" && cell !== null ? (cell as { value: number }).value : Number(cell);
  return Math.round(value * 1e6) / 1e6;
}

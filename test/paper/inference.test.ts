/** Notebook 13 from known answers: whose scores stand where, and which way every claim goes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arm } from "../../lib/evaluation/arm";
import { methodTable } from "../../lib/evaluation/methodClaims";
import { retrievals } from "../../lib/lab/inference/retrieval";
import { searches } from "../../lib/lab/inference/search";
import { inferenceClaims } from "../../lib/paper/methods/inferenceMethods";
import { extractionTable, extractionTotals, type ExtractionArms } from "../../lib/paper/methods/memorisation";
import { rankerTable, retrievalTable, type RetrievalArms } from "../../lib/paper/methods/retrieval";
import { searchArmTable, type SearchArms } from "../../lib/paper/methods/search";
import { assertArmTable, assertInterval, assertNear, knownSession, totals } from "./known";

const kinds = ["one", ...searches] as const;
const scores = {
  base: { one: 50, fresh: 60, rest: 64, sentence: 62 },
  maskDpo: { one: 58, fresh: 68, rest: 72, sentence: 70 },
};
const retrieval = {
  all: { none: 50, random: 45, near: 54, ranked: 57, oracle: 66 },
  head: { none: 60, random: 52, near: 58, ranked: 61, oracle: 67 },
  tail: { none: 40, random: 39, near: 49, ranked: 52, oracle: 65 },
};

const arm = (label: string, score: number): Arm => ({
  label,
  runs: [`run ${label}`],
  seeds: [0, 1].map((seed) => totals({ score, facts: score - 10 }, seed)),
});
const armsOf = <Key extends string>(label: string, of: Record<Key, number>): Record<Key, Arm> =>
  Object.fromEntries(
    Object.entries(of).map(([key, score]) => [key, arm(`${label} ${key}`, score as number)]),
  ) as Record<Key, Arm>;

const search: SearchArms = { base: armsOf("base", scores.base), maskDpo: armsOf("Mask-DPO", scores.maskDpo) };
const found: RetrievalArms = {
  arms: {
    all: armsOf("all", retrieval.all),
    head: armsOf("head", retrieval.head),
    tail: armsOf("tail", retrieval.tail),
  },
  ranker: { weights: [1, 2, 3, 4], bias: -0.5, means: [0, 0, 0, 0], deviations: [1, 1, 1, 1] },
};

/** Facts of four topics: so many prompts of each say it, the first too where there are more than four. */
const facts = (right: readonly number[]) =>
  right.map((count, i) => ({
    topic: `topic ${i % 4}`,
    relation: `relation ${i}`,
    right: Array.from({ length: 8 }, (_, prompt) => (count > 4 ? prompt < count : prompt >= 8 - count)),
  }));
const counts = { base: [8, 5, 0, 1, 0, 4, 0, 2], maskDpo: [8, 8, 1, 0, 0, 5, 3, 2], dpo: [8, 5, 0, 1, 0, 4, 0, 2] };
const extraction = (): ExtractionArms => {
  const of = (name: keyof typeof counts) => {
    const sets = [facts(counts[name])];
    const way = (how: "plain" | "any" | "most"): Arm => ({
      label: name,
      runs: [name],
      seeds: sets.map((own) => extractionTotals(own, how)),
    });
    return { arms: { plain: way("plain"), any: way("any"), most: way("most") }, sets };
  };
  const [base, maskDpo, dpo] = [of("base"), of("maskDpo"), of("dpo")];
  const own = { base: base.sets, maskDpo: maskDpo.sets, dpo: dpo.sets };
  return { base: base.arms, maskDpo: maskDpo.arms, dpo: dpo.arms, facts: own };
};

test("tables: every way of search, and of retrieval by part, in its row", (t) => {
  const session = knownSession(t);
  const row = (label: string, score: number) => ({ label, score, facts: score - 10, printed: [null, null] });
  assertArmTable(searchArmTable(session, search), [
    ...kinds.map((kind) => row(`base ${kind}`, scores.base[kind])),
    ...kinds.map((kind) => row(`Mask-DPO ${kind}`, scores.maskDpo[kind])),
  ]);
  const names = [
    "no document",
    "of a random topic",
    "of the nearest topic",
    "as the ranker chooses",
    "the topic's own",
  ];
  assertArmTable(
    retrievalTable(session, found),
    (["all", "head", "tail"] as const).flatMap((part) =>
      retrievals.map((how, i) => row(`${part}: ${names[i]!}`, retrieval[part][how])),
    ),
  );
  assert.deepEqual(
    rankerTable(found).rows.map(({ weight }) => weight),
    [1, 2, 3, 4, -0.5],
  );
});

test("extraction: by the plain prompt, by most, by any; what alignment gains and loses of the last", (t) => {
  const { rows } = extractionTable(knownSession(t), extraction());
  const value = (cell: unknown): number => (cell as { value: number }).value;
  const shares = rows.map(({ plain, most, any }) => [plain, most, any].map(value));
  assert.deepEqual(shares, [
    [25, 25, 62.5],
    [37.5, 37.5, 75],
    [25, 25, 62.5],
  ]);
  assert.deepEqual(
    rows.map(({ gained, lost }) => [gained, lost]),
    [
      [null, null],
      [25, 12.5],
      [0, 0],
    ],
  );
  assert.equal(rows[0]!["gain"], null);
  assertNear(value(rows[1]!["gain"]), 12.5, "gain");
  const { topics, sums } = extractionTotals(facts(counts.base), "any");
  assert.deepEqual([topics.length, sums.sentences, sums.correct], [4, [2, 2, 2, 2], [1, 2, 0, 2]]);
});

test("claims: which way each goes; what cannot be tried here says so", (t) => {
  const session = knownSession(t);
  const [untried, ...claims] = inferenceClaims(session, { search, retrieval: found, extraction: extraction() });
  const table = methodTable("claims", "caption", [untried!, ...claims]);
  assert.equal(table.rows[0]!["verdict"], "not testable here");
  const { base, maskDpo } = scores;
  const { all, tail } = retrieval;
  const expected: [text: string, difference: number][] = [
    ["what follows the first wrong sentence anew > best of as many, by facts", base.rest - base.fresh],
    ["only the wrong sentence anew > best of as many, by facts", base.sentence - base.fresh],
    ["the base with search > Mask-DPO without, by facts", base.rest - maskDpo.one],
    ["Mask-DPO with search > the base with search, by facts", maskDpo.rest - base.rest],
    ["ranked > nearest", all.ranked - all.near],
    ["ranked > no document, tail", tail.ranked - tail.none],
    ["nearest > random topic", all.near - all.random],
    ["the topic's own document > ranked", all.oracle - all.ranked],
    ["any prompt > the plain one, aligned", 37.5],
    ["aligned > base, any prompt", 12.5],
  ];
  assert.deepEqual(
    claims.map(({ text }) => text),
    expected.map(([text]) => text),
  );
  table.rows.slice(1, 9).forEach((row, i) => assertInterval(row["here"], expected[i]![1], expected[i]![0]));
  claims.forEach(({ here }, i) => assertNear(here!.value, expected[i]![1], expected[i]![0]));
});

// Preference pairs of §2.2: best and worst, each filter counted, ties by a stated rule, bad rows refused.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import fc from "fast-check";
import { UserError } from "../../lib/base/check";
import { readJsonl } from "../../lib/base/jsonl";
import { Rng } from "../../lib/base/rng";
import type { AnnotatedCandidate } from "../../lib/factuality/records";
import { factualityScore } from "../../lib/factuality/score";
import { buildPairs, preferencePairSchema } from "../../lib/preference/pair";
import { candidate, pairOf, question } from "./fixtures";

test("best is chosen, worst rejected, and each question that gives no pair counts at one filter", () => {
  const groups: Record<string, string[]> = {
    good: ["SC", "SSN", "CCU", "SU"], //   1/2, 3/3, 0/3, 1/2
    single: ["SC"], //                     one candidate
    oneScored: ["SC", ""], //              two, one of them without sentences
    none: [], //                           no candidate at all
    allWrong: ["C", "UU"], //              0, 0
    allRight: ["S", "NS"], //              1, 1
    equal: ["SC", "CS"], //                1/2, 1/2
    noFact: ["N", "C"], //                 chosen says nothing, kept by Eq. 4, reported
    emptyToo: ["", "SC", "CC"], //         the empty one is neither best nor worst
  };
  const questions = Object.keys(groups).map((id) => question(id, `topic of ${id}`));
  const rows = Object.entries(groups).flatMap(([id, letters]) => letters.map((l, i) => candidate(id, i, l)));
  const { pairs, report } = buildPairs(rows, questions, { seed: 0 });
  assert.deepEqual(report, {
    questions: 9,
    pairs: 3,
    tooFewCandidates: 3,
    chosenWithoutCorrect: 1,
    rejectedWithoutIncorrect: 1,
    identical: 1,
    emptyCandidates: 2,
    chosenNoFactOnly: 1,
  });
  assert.deepEqual(
    pairs.map((p) => [p.questionId, p.chosen.completion, p.rejected.completion, p.scores.chosen, p.scores.rejected]),
    [
      ["good", "s10. s11. s12.", "s20. s21. s22.", 1, 0],
      ["noFact", "s00.", "s10.", 1, 0],
      ["emptyToo", "s10. s11.", "s20. s21.", 0.5, 0],
    ],
  );
  assert.deepEqual(pairs[0]!.chosen.sentences, rows[1]!.sentences);
  assert.deepEqual([pairs[0]!.topic, pairs[0]!.prompt], ["topic of good", questions[0]!.prompt]);
  for (const pair of pairs) preferencePairSchema.parse(pair);
});

test("the same text judged two ways is no pair", () => {
  const [a, b] = [candidate("q", 0, "S"), candidate("q", 1, "C")];
  const { report } = buildPairs([a, { ...b, completion: a.completion }], [question("q")], { seed: 0 });
  assert.equal(report.identical, 1);
});

test("tokenIds travel with their completion, and are absent where they were", () => {
  const [a, b] = [{ ...candidate("q", 0, "S"), tokenIds: [5, 6] }, candidate("q", 1, "C")];
  const [pair] = buildPairs([a, b], [question("q")], { seed: 0 }).pairs;
  assert.deepEqual(pair!.chosen.tokenIds, [5, 6]);
  assert.ok(!("tokenIds" in pair!.rejected));
});

test("invariants: order of rows and other questions change nothing; chosen is a maximum, rejected a minimum", () => {
  const letters = fc.string({ unit: fc.constantFrom("S", "C", "U", "N"), maxLength: 4 });
  fc.assert(
    fc.property(
      fc.array(fc.array(letters, { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      (groups, seed) => {
        const questions = groups.map((_, q) => question(`q${q}`));
        const rows = groups.flatMap((group, q) => group.map((l, i) => candidate(`q${q}`, i, l)));
        const { pairs, report } = buildPairs(rows, questions, { seed });
        assert.deepEqual(buildPairs(new Rng(seed).shuffle(rows), questions, { seed }).pairs, pairs);
        const alone = questions.flatMap(
          (one) =>
            buildPairs(
              rows.filter((r) => r.questionId === one.id),
              [one],
              { seed },
            ).pairs,
        );
        assert.deepEqual(alone, pairs);
        assert.equal(
          report.pairs +
            report.tooFewCandidates +
            report.chosenWithoutCorrect +
            report.rejectedWithoutIncorrect +
            report.identical,
          questions.length,
        );
        for (const { questionId, scores } of pairs) {
          const all = rows
            .filter((r) => r.questionId === questionId)
            .flatMap((r) => factualityScore(r.sentences) ?? []);
          assert.deepEqual(scores, { chosen: Math.max(...all), rejected: Math.min(...all) });
          assert.ok(scores.chosen > scores.rejected && scores.chosen > 0 && scores.rejected < 1);
        }
      },
    ),
    { numRuns: 150, seed: 3 },
  );
});

test("ties are drawn evenly, and another seed draws anew", () => {
  const questions = Array.from({ length: 900 }, (_, q) => question(`q${q}`));
  const rows = questions.flatMap(({ id }) => ["SS", "SC", "SS", "CC", "SS", "CC"].map((l, i) => candidate(id, i, l)));
  const picks = (seed: number) =>
    buildPairs(rows, questions, { seed }).pairs.map(({ chosen, rejected }) =>
      [chosen.completion[1], rejected.completion[1]].join(""),
    );
  const first = picks(1);
  const count = (pick: string) => first.filter((p) => p === pick).length;
  for (const pick of ["03", "05", "23", "25", "43", "45"])
    assert.ok(Math.abs(count(pick) - 150) < 50, `${pick}: ${count(pick)} of 900`);
  assert.deepEqual(picks(1), first);
  assert.notDeepEqual(picks(2), first);
});

test("a row of an unknown question, and a row given twice, are refused", () => {
  assert.throws(
    () => buildPairs([candidate("x", 4, "S")], [question("q")], { seed: 0 }),
    (e: UserError) =>
      e instanceof UserError && /candidate 4 of question "x": expected a question of --questions/.test(e.message),
  );
  const row: AnnotatedCandidate = candidate("q", 2, "S");
  assert.throws(
    () => buildPairs([row, { ...row }], [question("q")], { seed: 0 }),
    (e: UserError) => e instanceof UserError && /index 2 twice/.test(e.message),
  );
});

test("a pair file with a bad line: the message names file, line and key", () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), "pairs-"));
  const file = path.join(dir, "pairs.jsonl");
  const good = pairOf("q", "SS", "CC");
  const refused = (change: (pair: Record<string, unknown> & typeof good) => unknown, message: RegExp) => {
    const bad = structuredClone(good) as Record<string, unknown> & typeof good;
    change(bad);
    writeFileSync(file, `${JSON.stringify(good)}\n\n${JSON.stringify(bad)}\n`);
    assert.throws(
      () => readJsonl(file, preferencePairSchema),
      (e: UserError) => {
        assert.ok(e instanceof UserError);
        assert.ok(e.message.startsWith(`${file}:3: `), e.message);
        assert.match(e.message, message);
        return true;
      },
    );
  };
  try {
    refused((p) => (p.winner = 1), /unknown keys "winner"/);
    refused((p) => Object.assign(p.chosen, { text: "" }), /"chosen".*unknown keys "text"/);
    refused(
      (p) => (p.rejected.sentences[1]!.end = 99),
      /"rejected.sentences.1".*ends outside the text of 9 characters/,
    );
    refused((p) => p.chosen.sentences.reverse(), /"chosen.sentences.1".*overlaps or precedes/);
    refused((p) => Object.assign(p.chosen.sentences[0]!, { verdict: "ok" }), /"chosen.sentences.0.verdict".*got "ok"/);
    refused((p) => (p.scores.chosen = 77.5), /"scores.chosen".*got 77.5/);
    refused((p) => Object.assign(p.prompt[0]!, { role: "human" }), /"prompt.0.role".*got "human"/);
    refused((p) => Object.assign(p.chosen, { tokenIds: [1, -1] }), /"chosen.tokenIds.1".*got -1/);
    writeFileSync(file, `${JSON.stringify(good)}\n{"questionId": \n`);
    assert.throws(
      () => readJsonl(file, preferencePairSchema),
      (e: UserError) => e instanceof UserError && e.message.startsWith(`${file}:2: expected one JSON value`),
    );
    writeFileSync(file, `${JSON.stringify(good)}\n`);
    assert.deepEqual(readJsonl(file, preferencePairSchema), [good]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("rejected sides may come from other candidates (Table 3): best of one set, worst of the other", () => {
  const questions = [question("a"), question("b"), question("c")];
  const chosenFrom = [candidate("a", 0, "SS"), candidate("b", 0, "SC"), candidate("c", 0, "SCC")];
  const rejectedFrom = [
    candidate("a", 0, "CC", "x"),
    candidate("a", 1, "S", "x"),
    candidate("b", 0, "C", "x"),
    candidate("c", 0, "SC", "x"),
  ];
  const { pairs, report } = buildPairs(chosenFrom, questions, { seed: 0, rejectedFrom });
  assert.deepEqual(
    pairs.map(({ questionId, scores }) => [questionId, scores.chosen, scores.rejected]),
    [
      ["a", 1, 0],
      ["b", 0.5, 0],
    ],
  );
  assert.deepEqual([report.pairs, report.identical], [2, 1], "c's best is no better than the worst of the others");
});

// The official code's masks against a plain Python computation (test/golden/human.json), and by hand where they go
// wrong.
import assert from "node:assert/strict";
import test from "node:test";
import type { Sentence } from "../../lib/factuality/records";
import { tokenizePair } from "../../lib/preference/collate";
import { compareOfficialMasks, officialMasks, sentenceCuts, type SentenceCut } from "../../lib/preference/officialMask";
import type { PreferencePair } from "../../lib/preference/pair";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { goldenPath, readGolden } from "../golden/golden";
import { pairOf, spansOf, wordTokenizer } from "./fixtures";

interface Case {
  fallback: boolean;
  chosen: string;
  rejected: string;
}
type GoldenSide = { completion: string; sentences: Sentence[] };
type Golden = { "masks.pairs": { chosen: GoldenSide; rejected: GoldenSide }[] } & Record<
  `masks.${"plain" | "llama3" | "qwen2"}`,
  Record<SentenceCut, Case[]>
>;

test("30 pairs, three tokenizers, both cuts: the masks Python's slices give", () => {
  const golden = readGolden<Golden>("human.json");
  for (const name of ["plain", "llama3", "qwen2"] as const) {
    const tokenizer = loadTokenizer(goldenPath("text", name));
    const pairs = golden["masks.pairs"].map((sides, i) =>
      tokenizePair({ ...pairOf(`q${i}`, "S", "C"), ...sides }, tokenizer, [5, 6, 7], { mask: "paper" }),
    );
    for (const cut of sentenceCuts) {
      const expected = golden[`masks.${name}`][cut];
      let wrong = 0;
      pairs.forEach((pair, i) => {
        const { chosen, rejected, fallback } = officialMasks(pair, tokenizer, cut);
        assert.deepEqual(
          { fallback, chosen: chosen.join(""), rejected: rejected.join("") },
          {
            fallback: expected[i]!.fallback,
            chosen: `000${expected[i]!.chosen}`,
            rejected: `000${expected[i]!.rejected}`,
          },
          `${name} ${cut} pair ${i}`,
        );
        for (const side of ["chosen", "rejected"] as const)
          wrong += [...pair[side].weights].filter(
            (bit, t) => t >= 3 && bit !== Number(expected[i]![side][t - 3]),
          ).length;
      });
      const report = compareOfficialMasks(pairs, tokenizer, cut);
      assert.equal(report.fallbacks, expected.filter(({ fallback }) => fallback).length);
      assert.equal(report.wrongByFallback + report.wrongByDrift, wrong);
      assert.equal(
        report.tokens,
        expected.reduce((sum, { chosen, rejected }) => sum + chosen.length + rejected.length, 0),
      );
      assert.ok(report.drifted > 0 && (cut === "span" || report.fallbacks > 0), `${name} ${cut}: every case occurs`);
    }
  }
});

/** The fixtures' tokenizer has a token for each word with the space before it, each line break, each stop. */
function compared(chosen: [string, string[], string], rejected: [string, string[], string], cut: SentenceCut) {
  const side = ([completion, pieces, letters]: [string, string[], string]) => ({
    completion,
    sentences: spansOf(completion, pieces, letters),
  });
  const pair: PreferencePair = { ...pairOf("q", "S", "C"), chosen: side(chosen), rejected: side(rejected) };
  const tokenizer = wordTokenizer();
  const tokenized = tokenizePair(pair, tokenizer, [9], { mask: "paper" });
  const { chosen: c, rejected: r, fallback } = officialMasks(tokenized, tokenizer, cut);
  return {
    masks: [c.join(""), r.join("")],
    exact: [tokenized.chosen.weights.join(""), tokenized.rejected.weights.join("")],
    fallback,
    report: compareOfficialMasks([tokenized], tokenizer, cut),
  };
}

test("sentences whose counts add up: the official masks are the exact ones", () => {
  const { masks, exact, fallback, report } = compared(
    ["A b. C d. E.", ["A b.", "C d.", "E."], "SCN"],
    ["A x. C d.", ["A x.", "C d."], "US"],
    "span",
  );
  assert.deepEqual(masks, exact);
  assert.equal(fallback, false);
  assert.deepEqual(report, {
    pairs: 1,
    fallbacks: 0,
    drifted: 0,
    tokens: 9 + 7,
    wrongByFallback: 0,
    wrongByDrift: 0,
    closingMasked: 0,
  });
});

test("a line break that belongs to no sentence shifts all that follows by one", () => {
  // chosen: " A" "b" "." "\n" "C" "d" "." | sentences of 3, 3 tokens: the second is laid over "\n" "C" "d".
  const { masks, exact, report } = compared(["A b.\nC d.", ["A b.", "C d."], "SC"], ["A x.", ["A x."], "U"], "span");
  assert.deepEqual(exact, ["0" + "1111" + "000" + "1", "0" + "111" + "1"]);
  assert.deepEqual(masks, ["0" + "111" + "000" + "1" + "1", "0" + "111" + "1"]);
  assert.deepEqual([report.drifted, report.wrongByDrift, report.fallbacks], [1, 2, 0]);
});

test("one token too many masks the closing token, two unmask the whole pair, chosen and rejected", () => {
  // With the gap " " behind it a sentence has one token more than in the whole, where the space goes with the next
  // word.
  const one = compared(["A b. C d.", ["A b.", "C d."], "SC"], ["A x. C d.", ["A x.", "C d."], "US"], "withGap");
  assert.deepEqual(one.masks, ["0" + "1111" + "000", "0" + "1111" + "000"]);
  assert.deepEqual([one.report.closingMasked, one.report.wrongByDrift, one.fallback], [2, 4, false]);
  const two = compared(
    ["A b. C d. E.", ["A b.", "C d.", "E."], "SSC"],
    ["A x. C d.", ["A x.", "C d."], "US"],
    "withGap",
  );
  assert.equal(two.fallback, true);
  assert.deepEqual(two.masks, ["0" + "1".repeat(9), "0" + "1".repeat(7)]);
  assert.deepEqual(two.report, {
    pairs: 1,
    fallbacks: 1,
    drifted: 0,
    tokens: 16,
    wrongByFallback: 2 + 3,
    wrongByDrift: 0,
    closingMasked: 0,
  });
  const kept = compared(["A b. C d. E.", ["A b.", "C d.", "E."], "CSS"], ["A x.", ["A x."], "U"], "withGap");
  assert.equal(kept.fallback, false, "a kept stretch that runs over the end goes unnoticed");
});

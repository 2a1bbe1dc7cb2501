// The token rules of lib/preference/mask: by hand, and for random texts and tokenisations.
import assert from "node:assert/strict";
import test from "node:test";
import { Rng } from "../../lib/base/rng";
import type { Sentence, Verdict } from "../../lib/factuality/records";
import { type MaskKind, emptiesSide, keptSentences, sentenceMask, sentenceOfTokens } from "../../lib/preference/mask";
import { spansOf, verdictOf, wordTokenizer } from "./fixtures";

const sentencesOf = (letters: string) => [...letters].map((letter) => ({ verdict: verdictOf[letter]! }));
const kept = (side: "chosen" | "rejected", letters: string, mask: MaskKind, dropNoFact = false, seed = 0): string =>
  keptSentences(side, sentencesOf(letters), { mask, dropNoFact }, new Rng(seed)).map(Number).join("");

test("tokens go to sentences by their first non-space character", () => {
  const text = "Hi: It is big.  It\nis old. \n";
  const tokenizer = wordTokenizer();
  const { ids, starts, ends } = tokenizer.encode(text);
  const spans = spansOf(text, ["It is big.", "It\nis old."], "SC");
  assert.deepEqual(tokenizer.spell(ids), [
    "Hi",
    ":",
    " It",
    " is",
    " big",
    ".",
    " ",
    " It",
    "\n",
    "is",
    " old",
    ".",
    " ",
    "\n",
  ]);
  const expected = [
    -1,
    -1, //          "Hi" ":"                before the first sentence
    0,
    0,
    0,
    0, //      " It" " is" " big" "."  the space goes with the word behind it
    0, //               " "                     white space between sentences: the one before
    1,
    1,
    1,
    1,
    1, //   " It" "\n" "is" " old" "."
    1,
    1, //            " " "\n"                after the last sentence
  ];
  assert.deepEqual([...sentenceOfTokens(text, starts, ends, spans)], expected);
  // Spans that include the white space around their sentence say the same.
  const wide: Sentence[] = [
    { start: 3, end: 14, verdict: "supported" },
    { start: 14, end: text.length, verdict: "contradictory" },
  ];
  assert.deepEqual([...sentenceOfTokens(text, starts, ends, wide)], expected);
});

test("a token across a boundary, text between sentences, tokens of one emoji, empty tokens", () => {
  const text = "A.B. - C 🙂.";
  const spans = spansOf(text, ["A.", "B.", "C 🙂."], "SSS");
  const tokens: [number, number, number][] = [
    [0, 1, 0], //   "A"
    [1, 3, 0], //   ".B"   begins in the first sentence
    [3, 4, 1], //   "."
    [4, 6, 1], //   " -"   between sentences: the one before
    [6, 8, 2], //   " C"
    [8, 11, 2], //  " 🙂"  first byte of the emoji: its token covers the whole character
    [9, 11, 2], //         second byte
    [11, 11, 2], // ""     an empty token lies where it stands
    [11, 12, 2], // "."
  ];
  const got = sentenceOfTokens(
    text,
    tokens.map(([s]) => s),
    tokens.map(([, e]) => e),
    spans,
  );
  assert.deepEqual(
    [...got],
    tokens.map(([, , sentence]) => sentence),
  );
});

test("which sentences each mask keeps", () => {
  //                                        S C U N S C
  assert.equal(kept("chosen", "SCUNSC", "paper"), "100110");
  assert.equal(kept("rejected", "SCUNSC", "paper"), "011001");
  assert.equal(kept("chosen", "SCUNSC", "inverted"), "011001");
  assert.equal(kept("rejected", "SCUNSC", "inverted"), "100110");
  assert.equal(kept("chosen", "SCUNSC", "none"), "111111");
  assert.equal(kept("rejected", "SCUNSC", "none"), "111111");
  assert.equal(kept("chosen", "SCUNSC", "paper", true), "100010");
  assert.equal(kept("rejected", "SCUNSC", "paper", true), "011001");
  assert.equal(kept("chosen", "SCUNSC", "inverted", true), "011001");
  assert.equal(kept("rejected", "SCUNSC", "inverted", true), "100010");
  assert.equal(kept("rejected", "SCUNSC", "none", true), "111011");
});

test("random keeps as many sentences as paper, each equally often, the same for the same stream", () => {
  const counts = [0, 0, 0, 0, 0, 0];
  for (let seed = 0; seed < 3000; seed++) {
    const mask = kept("chosen", "SCUNSC", "random", false, seed);
    assert.equal([...mask].filter((c) => c === "1").length, 3);
    [...mask].forEach((c, i) => (counts[i]! += Number(c)));
  }
  for (const count of counts) assert.ok(Math.abs(count - 1500) < 150, `kept ${counts.join(", ")} times of 3000`);
  assert.equal(kept("chosen", "SCUNSC", "random", true, 3)[3], "0");
  assert.equal(kept("rejected", "SCSSCS", "random", false, 9), kept("rejected", "SCSSCS", "random", false, 9));
});

test("token masks: sentences kept or not, tokens of no sentence always", () => {
  const owners = Int32Array.from([-1, 0, 0, 1, 1, 2]);
  assert.deepEqual([...sentenceMask(owners, [false, true, false])], [1, 0, 0, 1, 1, 0]);
  const options = { mask: "paper" as const };
  assert.equal(emptiesSide(owners, [false, false, false], options), true);
  assert.equal(emptiesSide(owners, [false, true, false], options), false);
  assert.equal(
    emptiesSide(Int32Array.from([-1, -1]), [], options),
    true,
    "no sentences: nothing the annotation says to learn from",
  );
  assert.equal(emptiesSide(Int32Array.from([-1, -1]), [], { mask: "none" }), false, "plain DPO needs no annotation");
});

test("spans and offsets that do not fit the text throw", () => {
  const of =
    (...spans: [number, number][]) =>
    () =>
      sentenceOfTokens(
        "A b. C.",
        [0],
        [1],
        spans.map(([start, end]) => ({ start, end, verdict: "supported" as Verdict })),
      );
  assert.throws(of([0, 4], [5, 8]), /spans inside the completion of 7 characters.*5-8 ends outside/);
  assert.throws(of([5, 7], [0, 4]), /overlaps or precedes/);
  assert.throws(of([0, 4], [3, 7]), /overlaps or precedes/);
  assert.throws(of([2, 2]), /empty/);
  assert.throws(() => sentenceOfTokens("A.", [0, 2], [2, 3], []), /got 2-3 at token 1/);
  assert.throws(() => sentenceOfTokens("A.", [1], [0], []), /got 1-0 at token 0/);
});

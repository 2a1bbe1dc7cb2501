// How mixed a pair set is, by sentences and by tokens.
import assert from "node:assert/strict";
import test from "node:test";
import { tokenizePair } from "../../lib/preference/collate";
import { keptShares, mixingOf, tokenShares } from "../../lib/preference/mixing";
import { pairOf, spansOf, wordTokenizer } from "./fixtures";

test("shares, gaps and histogram of three pairs", () => {
  const scored = (id: string, w: string, l: string, chosen: number, rejected: number) => ({
    ...pairOf(id, w, l),
    scores: { chosen, rejected },
  });
  const mixing = mixingOf([
    scored("a", "SSSC", "CCS", 0.75, 1 / 3),
    scored("b", "SN", "UC", 1, 0), //   pure: the mask drops nothing
    scored("c", "SU", "CCCNS", 0.7, 0.4), // 0.7 - 0.4 is a little below 0.3
  ]);
  assert.deepEqual(mixing.sentences, { wrongInChosen: 2 / 8, rightInRejected: 3 / 10 });
  assert.equal(mixing.mixedPairs, 2 / 3);
  assert.ok(Math.abs(mixing.scoreGap.mean - (0.75 - 1 / 3 + 1 + 0.3) / 3) < 1e-12);
  assert.ok(Math.abs(mixing.scoreGap.median - (0.75 - 1 / 3)) < 1e-12);
  assert.deepEqual(
    mixing.gapHistogram.map(({ pairs }) => pairs),
    [0, 0, 0, 1, 1, 0, 0, 0, 0, 1],
  );
  assert.deepEqual(mixing.gapHistogram[9], { from: 0.9, to: 1, pairs: 1 });
  assert.ok(Math.abs(mixing.scores.chosen - 2.45 / 3) < 1e-12);
  assert.throws(() => mixingOf([]), /at least one pair/);
});

test("tokens: long wrong sentences weigh more, prompt and closing token do not count", () => {
  const chosen = "Oh A. B c d e f g.";
  const rejected = "A b c. D.";
  const pair = {
    ...pairOf("q", "S", "C"),
    chosen: { completion: chosen, sentences: spansOf(chosen, ["A.", "B c d e f g."], "SC") },
    rejected: { completion: rejected, sentences: spansOf(rejected, ["A b c.", "D."], "NU") },
  };
  const tokenized = tokenizePair(pair, wordTokenizer(), [4, 4, 4], { mask: "paper" });
  assert.deepEqual(tokenShares([tokenized]), { wrongInChosen: 7 / 9, rightInRejected: 4 / 6 });
  assert.deepEqual(tokenShares([tokenized, tokenized]), tokenShares([tokenized]));
  // "Oh A." kept of 9 + 1 word tokens, "D." of 6, the closing token on both sides
  assert.deepEqual(keptShares([tokenized]), { chosen: 4 / 11, rejected: 3 / 7 });
  assert.deepEqual(keptShares([tokenizePair(pair, wordTokenizer(), [4], { mask: "none" })]), {
    chosen: 1,
    rejected: 1,
  });
  assert.deepEqual(keptShares([]), { chosen: 0, rejected: 0 });
});

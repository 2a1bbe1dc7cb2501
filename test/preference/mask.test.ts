// The token rules of lib/preference/mask: by hand, and for random texts and tokenisations.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import fc from "fast-check";
import { projectRoot } from "../../lib/base/files";
import { Rng } from "../../lib/base/rng";
import type { Sentence, Verdict } from "../../lib/factuality/records";
import {
  type MaskKind,
  emptiesSide,
  keptSentences,
  maskKinds,
  sentenceMask,
  sentenceOfTokens,
} from "../../lib/preference/mask";
import { splitSentences } from "../../lib/text/sentence";
import { loadTokenizer } from "../../lib/text/tokenizer";
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

const piece = fc.oneof(
  fc.constantFrom(
    "It is big.",
    "It is big.",
    "Its area is 3.5 km².",
    "St. Gallen!",
    "北京很大。",
    "No stop",
    "…",
    "\n",
    "\n\n- ",
    "  ",
    "\u00a0",
    "🙂🙃.",
    "e\u0301té?",
    "\u200b",
    "\ufeff",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const text = fc
  .array(fc.tuple(piece, fc.constantFrom("", " ", "\n", " \t ")), { maxLength: 8 })
  .map((parts) => parts.flat().join(""));

/** The rule once more, painted character by character: who owns the text from here on. */
function painted(completion: string, spans: readonly { start: number; end: number }[]): number[] {
  const firstVisible = spans.map(({ start, end }) =>
    [...Array(end - start).keys()].map((i) => start + i).find((i) => completion.charAt(i).trim() !== ""),
  );
  let owner = -1;
  return Array.from(
    { length: completion.length + 1 },
    (_, i) => (owner = firstVisible.includes(i) ? firstVisible.lastIndexOf(i) : owner),
  );
}

function checkRule(completion: string, starts: number[], ends: number[], spans: Sentence[]): void {
  const owners = sentenceOfTokens(completion, starts, ends, spans);
  const owned = painted(completion, spans);
  assert.equal(owners.length, starts.length);
  owners.forEach((owner, t) => {
    const slice = completion.slice(starts[t], ends[t]);
    const visible = slice.search(/\S/);
    assert.equal(
      owner,
      owned[starts[t]! + Math.max(0, visible)],
      `token ${t} ${JSON.stringify(slice)} of ${JSON.stringify(completion)}`,
    );
    const inside = spans.findIndex(
      ({ start, end }) => visible >= 0 && start <= starts[t]! + visible && starts[t]! + visible < end,
    );
    if (inside >= 0) assert.equal(owner, inside, "a visible character inside a span belongs to that span");
  });
  // Every token has exactly one owner: the masks of the sentences taken one by one, and of none, add up to all ones.
  const sum = new Uint8Array(owners.length);
  for (let s = 0; s < spans.length; s++)
    sentenceMask(
      owners,
      spans.map((_, i) => i === s),
    ).forEach((bit, t) => (sum[t]! += owners[t]! < 0 ? 0 : bit));
  sum.forEach((count, t) => assert.equal(count, owners[t]! < 0 ? 0 : 1));
  for (const mask of maskKinds) {
    const [paper, other] = [
      keptSentences("chosen", spans, { mask: "paper" }, new Rng(0)),
      keptSentences("chosen", spans, { mask }, new Rng(0)),
    ];
    if (mask === "inverted")
      assert.deepEqual(
        other,
        paper.map((k) => !k),
      );
    if (mask === "random") assert.equal(other.filter(Boolean).length, paper.filter(Boolean).length);
  }
}

const withVerdicts = (spans: readonly { start: number; end: number }[], seed: number): Sentence[] => {
  const rng = new Rng(seed);
  return spans.map(({ start, end }) => ({ start, end, verdict: rng.pick(Object.values(verdictOf)) }));
};

test("random texts, any tokenisation: every token has one sentence or is a separator", () => {
  fc.assert(
    fc.property(
      text,
      fc.array(fc.nat(60), { maxLength: 20 }),
      fc.array(fc.nat(60), { maxLength: 10 }),
      fc.nat(),
      (completion, cuts, spanCuts, seed) => {
        const inText = (places: number[]) =>
          [...new Set(places.filter((place) => place <= completion.length))].sort((a, b) => a - b);
        const edges = [0, ...inText(cuts), completion.length]; // tokens cut anywhere, empty ones included
        const starts = edges.slice(0, -1);
        const ends = edges.slice(1);
        checkRule(completion, starts, ends, withVerdicts(splitSentences(completion), seed));
        const marks = inText(spanCuts); // spans cut anywhere: every other stretch, so that text lies between them
        const spans = marks.flatMap((start, i) =>
          i % 2 === 0 && i + 1 < marks.length ? [{ start, end: marks[i + 1]! }] : [],
        );
        checkRule(completion, starts, ends, withVerdicts(spans, seed));
      },
    ),
    { numRuns: 600, seed: 11 },
  );
});

test("random texts, one token per UTF-8 byte", () => {
  fc.assert(
    fc.property(text, fc.nat(), (completion, seed) => {
      const starts: number[] = [];
      const ends: number[] = [];
      for (let i = 0; i < completion.length;) {
        const character = String.fromCodePoint(completion.codePointAt(i)!);
        for (const _ of Buffer.from(character)) {
          starts.push(i);
          ends.push(i + character.length);
        }
        i += character.length;
      }
      checkRule(completion, starts, ends, withVerdicts(splitSentences(completion), seed));
    }),
    { numRuns: 300, seed: 12 },
  );
});

const atlas = path.join(projectRoot, "data", "atlas");
test(
  "random texts, the shipped tokenizer",
  { skip: !existsSync(path.join(atlas, "tokenizer.json")) && "data/atlas/tokenizer.json is not there" },
  () => {
    const tokenizer = loadTokenizer(atlas);
    fc.assert(
      fc.property(text, fc.nat(), (completion, seed) => {
        const { starts, ends } = tokenizer.encode(completion);
        checkRule(completion, starts, ends, withVerdicts(splitSentences(completion), seed));
      }),
      { numRuns: 300, seed: 13 },
    );
  },
);

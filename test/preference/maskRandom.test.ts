/** The mask on random texts: what holds for any text, sentences and tokens. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import fc from "fast-check";
import { projectRoot } from "../../lib/base/files";
import { Rng } from "../../lib/base/rng";
import type { Sentence } from "../../lib/factuality/records";
import { keptSentences, maskKinds, sentenceMask, sentenceOfTokens } from "../../lib/preference/mask";
import { splitSentences } from "../../lib/text/sentence";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { verdictOf } from "./fixtures";

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
const randomText = fc
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
      randomText,
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
    fc.property(randomText, fc.nat(), (completion, seed) => {
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
      fc.property(randomText, fc.nat(), (completion, seed) => {
        const { starts, ends } = tokenizer.encode(completion);
        checkRule(completion, starts, ends, withVerdicts(splitSentences(completion), seed));
      }),
      { numRuns: 300, seed: 13 },
    );
  },
);

// Ids and loss masks of pairs, typed by hand; what does not fit is named.
import assert from "node:assert/strict";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { sidesOf, tokenizePair, tokenizePairs } from "../../lib/preference/collate";
import type { MaskKind } from "../../lib/preference/mask";
import type { PreferencePair } from "../../lib/preference/pair";
import { pairOf, question, spansOf, wordTokenizer } from "./fixtures";

const prompt = [7, 8, 9];
const options = (mask: MaskKind) => ({ mask });

function pair(): PreferencePair {
  const chosen = "Well: A b. C d. E.";
  const rejected = "A x. C d.";
  return {
    ...pairOf("q", "S", "C"),
    chosen: { completion: chosen, sentences: spansOf(chosen, ["A b.", "C d.", "E."], "SCN") },
    rejected: { completion: rejected, sentences: spansOf(rejected, ["A x.", "C d."], "US") },
  };
}

test("one pair, every mask", () => {
  const tokenizer = wordTokenizer();
  const masks = (mask: MaskKind, dropNoFact = false) => {
    const { chosen, rejected } = tokenizePair(pair(), tokenizer, prompt, { mask, dropNoFact });
    return [chosen, rejected].map(({ weights }) => [...weights].join(""));
  };
  const { chosen, rejected } = tokenizePair(pair(), tokenizer, prompt, options("paper"));
  assert.deepEqual(tokenizer.spell([...chosen.ids].slice(3)), [
    "Well",
    ":",
    " A",
    " b",
    ".",
    " C",
    " d",
    ".",
    " E",
    ".",
    "<eos>",
  ]);
  assert.deepEqual(tokenizer.spell([...rejected.ids].slice(3)), ["A", " x", ".", " C", " d", ".", "<eos>"]);
  assert.deepEqual([...chosen.ids].slice(0, 3), prompt);
  assert.deepEqual([...chosen.sentenceOf], [-1, -1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 2, 2, -1]);
  //                                  prompt  Well:  A b.  C d.  E.  eos       A x.  C d.  eos
  assert.deepEqual(masks("paper"), ["000" + "11" + "111" + "000" + "11" + "1", "000" + "111" + "000" + "1"]);
  assert.deepEqual(masks("none"), ["000" + "11" + "111" + "111" + "11" + "1", "000" + "111" + "111" + "1"]);
  assert.deepEqual(masks("inverted"), ["000" + "11" + "000" + "111" + "00" + "1", "000" + "000" + "111" + "1"]);
  assert.deepEqual(masks("paper", true), ["000" + "11" + "111" + "000" + "00" + "1", "000" + "111" + "000" + "1"]);
});

test("the sides of pairs: all chosen, then all rejected, each as long as it is", () => {
  const tokenizer = wordTokenizer();
  const short = { ...pair(), questionId: "short", chosen: { completion: "F.", sentences: spansOf("F.", ["F."], "S") } };
  const sides = sidesOf([
    tokenizePair(pair(), tokenizer, [5], options("paper")),
    tokenizePair(short, tokenizer, [5, 6], options("paper")),
  ]);
  const id = (token: string) => tokenizer.encode(token).ids[0]!;
  const [, w, c, A, b, s, C, d, E] = [0, ...["Well", ":", " A", " b", ".", " C", " d", " E"].map(id)];
  const a = id("A");
  const x = id(" x");
  const F = id("F");
  assert.deepEqual(
    sides.map(({ ids }) => [...ids]),
    [
      [5, w, c, A, b, s, C, d, s, E, s, 1], // chosen of q
      [5, 6, F, s, 1], // chosen of short
      [5, a, x, s, C, d, s, 1], // rejected of q
      [5, 6, a, x, s, C, d, s, 1], // rejected of short
    ],
  );
  assert.deepEqual(
    sides.map(({ weights }) => [...weights]),
    [
      [0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1], // opening, S kept, C dropped, N kept, closing token
      [0, 0, 1, 1, 1],
      [0, 1, 1, 1, 0, 0, 0, 1], // U kept, S dropped, closing token
      [0, 0, 1, 1, 1, 0, 0, 0, 1],
    ],
  );
  assert.deepEqual(
    sides.map(({ promptLength }) => promptLength),
    [1, 2, 1, 2],
  );
});

test("paper and inverted are complements on sentence tokens, equal elsewhere; swapped verdicts swap masks", () => {
  const tokenizer = wordTokenizer();
  const paper = tokenizePair(pair(), tokenizer, prompt, options("paper"));
  const inverted = tokenizePair(pair(), tokenizer, prompt, options("inverted"));
  for (const side of ["chosen", "rejected"] as const) {
    paper[side].sentenceOf.forEach((s, t) =>
      assert.equal(paper[side].weights[t], s < 0 ? inverted[side].weights[t] : 1 - inverted[side].weights[t]!),
    );
  }
  const swapped = { ...pair(), chosen: pair().rejected, rejected: pair().chosen };
  const other = tokenizePair(swapped, tokenizer, prompt, options("inverted"));
  assert.deepEqual([other.chosen.weights, other.rejected.weights], [paper.rejected.weights, paper.chosen.weights]);
});

test("random masks: the same per pair whatever its neighbours, another seed another mask", () => {
  const tokenizer = wordTokenizer();
  const pairs = Array.from({ length: 30 }, (_, i) => pairOf(`q${i}`, "SCSCSC", "CSCSCS"));
  const masks = (set: PreferencePair[], seed: number) =>
    tokenizePairs(set, tokenizer, () => prompt, { mask: "random", seed, maxPositions: 99 }).pairs.map(
      ({ chosen, rejected }) => [...chosen.weights, ...rejected.weights].join(""),
    );
  const first = masks(pairs, 1);
  assert.deepEqual(masks([...pairs].reverse(), 1).reverse(), first);
  assert.notDeepEqual(masks(pairs, 2), first);
  assert.ok(new Set(first).size > 10);
});

test("pairs that are too long or emptied are dropped and named, never trained", () => {
  const tokenizer = wordTokenizer();
  const pairs = [
    pairOf("fits", "SS", "CC"),
    pairOf("long", "SSS", "CCC"),
    pairOf("noWrong", "SS", "SS"),
    pairOf("noFactOnly", "NN", "CC"),
    pairOf("unannotated", "", ""),
  ];
  const run = (mask: MaskKind, dropNoFact = false) =>
    tokenizePairs(pairs, tokenizer, () => prompt, { mask, dropNoFact, maxPositions: 8 });
  // Two sentences: 3 prompt tokens + 2 tokens each ("s00" ".") + closing = 8; three sentences: 10.
  assert.deepEqual(run("paper").report, { pairs: 5, kept: 2, emptied: ["noWrong", "unannotated"], tooLong: ["long"] });
  assert.deepEqual(run("paper", true).report.emptied, ["noWrong", "noFactOnly", "unannotated"]);
  assert.deepEqual(run("none").report, { pairs: 5, kept: 4, emptied: [], tooLong: ["long"] });
  assert.deepEqual(run("inverted").report.emptied, ["fits", "noWrong", "noFactOnly", "unannotated"]);
  assert.deepEqual(
    run("paper").pairs.map(({ questionId }) => questionId),
    ["fits", "noFactOnly"],
  );
  assert.deepEqual(
    run("paper").emptied.map(({ questionId }) => questionId),
    ["noWrong", "unannotated"],
  );
  // kept and emptied pairs are together the same pairs under every mask
  const all = (mask: MaskKind) => {
    const { pairs, emptied } = run(mask);
    return [...pairs, ...emptied].map(({ chosen, rejected }) => [[...chosen.ids], [...rejected.ids]].join("|")).sort();
  };
  for (const mask of ["none", "inverted"] as const) assert.deepEqual(all(mask), all("paper"));
});

test("given token ids are used; ids or spans that do not fit the text are an error naming pair and side", () => {
  const tokenizer = wordTokenizer();
  const given = pair();
  const { ids } = tokenizer.encode("A");
  const letters = [...given.rejected.completion].map((c) => tokenizer.encode(c).ids[0]!);
  given.rejected.tokenIds = letters; // one token per character, as a sampler may well have drawn them
  const { rejected } = tokenizePair(given, tokenizer, prompt, options("paper"));
  assert.deepEqual([...rejected.ids], [...prompt, ...letters, 1]);
  // the space behind "A x." goes with it
  assert.equal([...rejected.weights].join(""), "000" + "1111" + "1" + "0000" + "1");
  given.chosen.tokenIds = ids;
  assert.throws(
    () => tokenizePair(given, tokenizer, prompt, options("paper")),
    (e: UserError) =>
      e instanceof UserError &&
      /^pair of question "q", chosen side \(word tokenizer\): expected ids that spell/.test(e.message),
  );
  const outside = pair();
  outside.rejected.sentences[1]!.end = 40;
  assert.throws(
    () => tokenizePair(outside, tokenizer, prompt, options("none")),
    (e: UserError) => e instanceof UserError && /"q", rejected side.*ends outside/.test(e.message),
  );
});

test("the prompt's ids are asked for once per pair, with its messages", () => {
  const asked: unknown[] = [];
  tokenizePairs([pairOf("q", "S", "C")], wordTokenizer(), (messages) => (asked.push(messages), prompt), {
    mask: "paper",
    maxPositions: 99,
  });
  assert.deepEqual(asked, [question("q").prompt]);
});

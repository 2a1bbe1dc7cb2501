import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitSentences } from "../../lib/text/sentence";

const texts = (text: string): string[] => splitSentences(text).map(({ start, end }) => text.slice(start, end));

test("stops, marks, line breaks and a missing final stop end sentences", () => {
  assert.deepEqual(texts("It is big. Is it? Yes! And so on"), ["It is big.", "Is it?", "Yes!", "And so on"]);
  assert.deepEqual(texts("One\nTwo.\n\n  Three.  "), ["One", "Two.", "Three."]);
  assert.deepEqual(texts("首都是东京。人口很多！"), ["首都是东京。", "人口很多！"]);
  assert.deepEqual(texts('He said "Go." Then he went.'), ['He said "Go."', "Then he went."]);
  assert.deepEqual(texts(""), []);
  assert.deepEqual(texts(" \n\t "), []);
});

test("stops inside words, numbers and after abbreviations end none", () => {
  assert.deepEqual(texts("St. Louis has 3.5 million people. J. R. lives there."), [
    "St. Louis has 3.5 million people.",
    "J. R. lives there.",
  ]);
  assert.deepEqual(texts("Its web domain is ca. The code is +1."), ["Its web domain is ca.", "The code is +1."]);
  assert.deepEqual(texts("He moved to the U.S."), ["He moved to the U.S."]);
  assert.deepEqual(texts("See Dr.\nNext line."), ["See Dr.", "Next line."]);
  assert.deepEqual(texts("One; two. Wait... What?"), ["One; two.", "Wait...", "What?"]);
  // as pySBD has it
  assert.deepEqual(texts("Wait... what? The Yahoo! site is… gone."), ["Wait... what?", "The Yahoo! site is… gone."]);
});

test("repeated sentences get a span each, at their own place", () => {
  assert.deepEqual(splitSentences("Yes. Yes. Yes."), [
    { start: 0, end: 4 },
    { start: 5, end: 9 },
    { start: 10, end: 14 },
  ]);
});

test("marks without a word join the sentence before them", () => {
  assert.deepEqual(texts("Fine. … Good."), ["Fine. …", "Good."]);
  assert.deepEqual(texts("..."), ["..."]);
});

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(
      fc.constantFrom("A", "b", "St", "e.g", "é", "日", "😀", ".", "!", "?", "…", "。", " ", "\n", "\t", '"', ")", "3"),
      { maxLength: 40 },
    )
    .map((parts) => parts.join("")),
);

test("property: spans are ordered, disjoint, trimmed, and cover every visible character", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      let last = 0;
      for (const { start, end } of splitSentences(text)) {
        assert.ok(start >= last && end > start && end <= text.length);
        assert.equal(text.slice(last, start).trim(), "");
        const sentence = text.slice(start, end);
        assert.equal(sentence, sentence.trim());
        last = end;
      }
      assert.equal(text.slice(last).trim(), "");
    }),
    { seed: 1, numRuns: 3000 },
  );
});

test("property: plain sentences joined by any white space come back", () => {
  const sentence = fc.stringMatching(/^[A-Z][a-z]{4,9}( [a-z]{5,9}){0,4}[.!?]$/); // no abbreviation is so long
  fc.assert(
    fc.property(
      fc.array(sentence, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(" ", "  ", "\n", " \n "),
      (sentences, gap) => {
        assert.deepEqual(texts(sentences.join(gap)), sentences);
      },
    ),
    { seed: 2, numRuns: 300 },
  );
});

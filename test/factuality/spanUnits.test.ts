/** Offsets counted in code points are noticed where they cut words or characters; right ones never are. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { readAnnotated } from "../../lib/factuality/annotatedFile";
import { readPairs } from "../../lib/preference/pairFile";
import { heard, scratch } from "../golden/fixtures";

/** The sentences of a text that stand apart by one space, in UTF-16 code units or in code points. */
function spans(sentences: readonly string[], lengthOf: (text: string) => number) {
  let start = 0;
  return sentences.map((sentence) => {
    const end = start + lengthOf(sentence);
    const span = { start, end, verdict: "supported" };
    start = end + 1;
    return span;
  });
}
const units = (text: string) => text.length;
const points = (text: string) => [...text].length;
const candidate = (sentences: readonly string[], count: (text: string) => number) => ({
  questionId: "q",
  index: 0,
  completion: sentences.join(" "),
  seed: 1,
  sentences: spans(sentences, count),
});

test("candidates: lines with code points are named once; plain texts and right offsets are not", (t) => {
  const said = heard(t);
  const file = path.join(scratch(t), "a.jsonl");
  const music = ["The clef 𝄞 opens.", "Then comes a note.", "It is long."];
  const rows = [
    candidate(["Oslo is north.", "It snows."], points),
    candidate(music, points),
    candidate(music, units),
    candidate(["𝐁𝐨𝐥𝐝 letters are beyond.", "Yes."], points),
    candidate(["Ends with one 🙂"], units),
  ];
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n\n"));
  assert.equal(readAnnotated(file).length, rows.length);
  readAnnotated(file);
  assert.equal(
    said(),
    `${file}: spans begin or end inside a word or character, or beside the stop, on line 3, 7, in texts with ` +
      "characters beyond U+FFFF. Offsets count UTF-16 code units; are these code points, as Python counts them?\n",
  );
});

test("pairs: either side", (t) => {
  const said = heard(t);
  const file = path.join(scratch(t), "p.jsonl");
  const side = (count: (text: string) => number) => {
    const { completion, sentences } = candidate(["🗻 is Fuji.", "It is high."], count);
    return { completion, sentences };
  };
  const pair = {
    questionId: "q",
    topic: "t",
    prompt: [{ role: "user", content: "?" }],
    scores: { chosen: 1, rejected: 0 },
  };
  writeFileSync(file, JSON.stringify({ ...pair, chosen: side(units), rejected: side(points) }));
  readPairs(file);
  assert.match(said(), /p\.jsonl: spans .+ on line 1, in texts/);
});

test("whatever the words and emoji, offsets in code units are not complained of", (t) => {
  const said = heard(t);
  const file = path.join(scratch(t), "c.jsonl");
  const word = fc.constantFrom("Bern", "liegt", "𝄞", "🇨🇭", "über", "né", "東京", "🙂🙂", "e\u0301te\u0301");
  const sentence = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => `${words.join(" ")}.`);
  fc.assert(
    fc.property(fc.array(sentence, { minLength: 1, maxLength: 4 }), (sentences) => {
      writeFileSync(file, JSON.stringify(candidate(sentences, units)));
      readAnnotated(file);
      assert.equal(said(), "");
    }),
    { numRuns: 200 },
  );
});

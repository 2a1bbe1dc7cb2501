// Copied sentences are found in their text, or said to be missing.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { locateSentences } from "../../lib/text/locate";
import { splitSentences } from "../../lib/text/sentence";

const slices = (text: string, sentences: string[]) =>
  locateSentences(text, sentences).map((at) => at && [text.slice(at.start, at.end), at.verbatim]);

test("verbatim; without spaces and citation marks; missing", () => {
  const text = "He sings[1]. He\n acts.[2][3]  He [sic] dances[10] well. Bye";
  assert.deepEqual(slices(text, ["He sings.", "He acts.", "He paints.", " He [sic] dances well. ", "Bye"]), [
    ["He sings[1].", false],
    ["He\n acts.", false],
    undefined,
    ["He [sic] dances[10] well.", false],
    ["Bye", true],
  ]);
  assert.deepEqual(slices(text, [" Bye ", "Bye"]), [["Bye", true], undefined]);
});

test("repeated sentences are taken in turn, the first first, whichever is the better copy", () => {
  const text = "A[1]. B. A. A.";
  assert.deepEqual(
    locateSentences(text, ["A.", "B.", "A.", "A.", "A."]).map((at) => at?.start),
    [0, 6, 9, 12, undefined],
  );
});

test("nothing to find, nothing to find it in", () => {
  assert.deepEqual(slices("A. B.", ["", " \n", "[3]", "B."]), [undefined, undefined, undefined, ["B.", true]]);
  assert.deepEqual(slices("", ["A."]), [undefined]);
  assert.deepEqual(slices("[1] ", ["A."]), [undefined]);
  assert.deepEqual(slices("🙂 é🙃[1]!", ["🙂é 🙃!"]), [["🙂 é🙃[1]!", false]]);
});

test("random texts: copies with spaces and marks lost come back in order, as spans of the same visible text", () => {
  const word = fc.constantFrom("He", "is", "1949", "café", "🙂", "[4]", "[x]", "St.", "won", "…", "\u00a0");
  const text = fc
    .array(fc.tuple(word, fc.constantFrom("", " ", ". ", ".[12] ", "[7]. ", "\n")), { minLength: 1, maxLength: 30 })
    .map((parts) => parts.flat().join(""));
  const visible = (piece: string) => piece.replace(/\[\d+\]/g, "").replace(/\s/g, "");
  fc.assert(
    fc.property(text, fc.nat(3), (completion, loss) => {
      const pieces = splitSentences(completion)
        .map(({ start, end }) => completion.slice(start, end))
        .filter((piece) => visible(piece) !== "");
      const copies = pieces
        .map((piece) => (loss & 1 ? piece.replace(/\[\d+\]/g, "") : piece))
        .map((piece) => (loss & 2 ? piece.replace(/\s+/g, " ") : piece));
      let previous = 0;
      locateSentences(completion, copies).forEach((at, i) => {
        assert.ok(at, `${copies[i]} of ${completion}`);
        assert.ok(at.start >= previous && at.end > at.start);
        assert.equal(visible(completion.slice(at.start, at.end)), visible(copies[i]!));
        previous = at.end;
      });
    }),
    { numRuns: 500, seed: 21 },
  );
});

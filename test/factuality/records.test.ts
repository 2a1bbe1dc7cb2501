// Row files: what is refused, and that the message says where.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { UserError } from "../../lib/base/check";
import { readJsonl } from "../../lib/base/jsonl";
import { annotatedCandidateSchema, candidateSchema } from "../../lib/factuality/records";

const good = {
  questionId: "q",
  index: 0,
  completion: "It is big. It is old.",
  seed: 1,
  sentences: [
    { start: 0, end: 10, verdict: "supported" },
    { start: 11, end: 21, verdict: "no-fact" },
  ],
};
const spans = (...sentences: [number, number][]) => ({
  ...good,
  sentences: sentences.map(([start, end]) => ({ start, end, verdict: "supported" })),
});

test("annotated candidates: bad lines are refused with file and line", () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), "records-"));
  const file = path.join(dir, "annotated.jsonl");
  try {
    const cases: [unknown, RegExp][] = [
      [{ ...good, score: 1 }, /unknown keys "score"/],
      [spans([0, 10], [11, 22]), /11-22 ends outside the text of 21 characters/],
      [spans([0, 10], [9, 21]), /9-21 overlaps or precedes/],
      [spans([11, 21], [0, 10]), /0-10 overlaps or precedes/],
      [spans([3, 3]), /3-3 is empty/],
      [spans([-1, 3]), /"sentences.0.start"/],
      [spans([0.5, 3]), /"sentences.0.start"/],
      [{ ...good, index: "0" }, /"index".*got "0"/],
      [{ ...good, questionId: "" }, /"questionId"/],
      [{ ...good, tokenIds: [1.5] }, /"tokenIds.0".*got 1.5/],
    ];
    for (const [bad, message] of cases) {
      writeFileSync(file, [good, good, bad].map((row) => JSON.stringify(row)).join("\n"));
      assert.throws(
        () => readJsonl(file, annotatedCandidateSchema),
        (e: UserError) => e instanceof UserError && e.message.startsWith(`${file}:3: `) && message.test(e.message),
        JSON.stringify(bad),
      );
    }
    writeFileSync(file, JSON.stringify(good));
    assert.deepEqual(readJsonl(file, annotatedCandidateSchema), [good]);
    assert.throws(() => readJsonl(file, candidateSchema), /:1: .*unknown keys "sentences"/);
    assert.throws(
      () => readJsonl(path.join(dir, "none.jsonl"), candidateSchema),
      /expected a readable file, got ENOENT/,
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

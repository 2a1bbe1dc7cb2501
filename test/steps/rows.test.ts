/** Rows of an earlier step are answered with the verb that is missing, those of a later one with the file to give. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import { readRows } from "../../lib/steps/rows";
import { scratch, userError } from "../golden/fixtures";

const sentences = [{ start: 0, end: 3, verdict: "supported" }];
const prompt = [{ role: "user", content: "Where?" }];
const rows = {
  question: { id: "q", topic: "t", prompt },
  candidate: { questionId: "q", index: 0, completion: "Yes", seed: 1 },
  annotated: { questionId: "q", index: 0, completion: "Yes", seed: 1, sentences },
  pair: {
    questionId: "q",
    topic: "t",
    prompt,
    chosen: { completion: "Yes", sentences },
    rejected: { completion: "Yes", sentences },
    scores: { chosen: 1, rejected: 0 },
  },
};
const order = ["question", "candidate", "annotated", "pair"] as const;

test("every kind for every other", (t) => {
  const dir = scratch(t);
  const file = (kind: keyof typeof rows) => path.join(dir, `${kind}.jsonl`);
  const verbs = ["sample", "annotate", "pairs"];
  for (const kind of order) writeJsonl(file(kind), [rows[kind]]);
  for (const [i, wanted] of order.entries())
    for (const [j, given] of order.entries()) {
      if (i === j) assert.deepEqual(readRows(wanted, file(given)), [rows[given]]);
      else {
        const missing = verbs.slice(j, i).map((verb) => `\`mask-dpo ${verb}\``);
        const fix = i > j ? `Run ${missing.join(", then ")} first\\.` : "Give the .* file that they were made from\\.";
        assert.throws(() => readRows(wanted, file(given)), userError(new RegExp(`${given}\\.jsonl: .*${fix}$`)));
      }
    }
});

test("other rows, and none, keep their own message", (t) => {
  const file = path.join(scratch(t), "rows.jsonl");
  writeJsonl(file, [{ ...rows.pair, scores: { chosen: 2, rejected: 0 } }]);
  assert.throws(() => readRows("pair", file), userError(/rows\.jsonl:1: expected a valid "scores\.chosen"/));
  writeJsonl(file, []);
  assert.throws(() => readRows("pair", file), userError(/expected at least one pair, got an empty file/));
});

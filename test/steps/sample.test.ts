/** Verbs in this process, where their files need a closer look than the command-line walk gives them. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { readJsonl, writeJsonl } from "../../lib/base/jsonl";
import { logpsVerb } from "../../lib/steps/logps";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

test("logps has a row for every pair, also for one whose mask keeps nothing but the closing token", async (t) => {
  const dir = scratch(t);
  const side = (completion: string, verdict: string) => ({
    completion,
    sentences: [{ start: 0, end: completion.length, verdict }],
  });
  const pair = (questionId: string, chosen: string, rejected: string) => ({
    questionId,
    topic: "t",
    prompt: [{ role: "user", content: "Where is Cairo?" }],
    scores: { chosen: 1, rejected: 0 },
    chosen: side("It is in Egypt.", chosen),
    rejected: side("It is in Peru.", rejected),
  });
  const pairs = path.join(dir, "pairs.jsonl");
  const out = path.join(dir, "logps.jsonl");
  writeJsonl(pairs, [pair("usual", "supported", "contradictory"), pair("emptied", "contradictory", "supported")]);
  assert.deepEqual(
    await logpsVerb({ model: goldenPath("models", "llama-tied-mha"), pairs, mask: "paper", seed: 1, out }),
    { rows: 2, leftOut: [] },
  );
  const rows = readJsonl(out, z.record(z.union([z.string(), z.number()])));
  assert.deepEqual(
    rows.map(({ questionId, chosenTokens, chosenUnmasked, rejectedTokens, rejectedUnmasked }) => [
      questionId,
      chosenUnmasked === chosenTokens,
      rejectedUnmasked === rejectedTokens,
      chosenUnmasked === 1,
      rejectedUnmasked === 1,
    ]),
    [
      ["usual", true, true, false, false],
      ["emptied", false, false, true, true],
    ],
  );
  assert.ok(
    (rows[1]!["chosenLogps"] as number) > (rows[0]!["chosenLogps"] as number),
    "one token is likelier than all",
  );
});

/**
 * The hand-off to PyTorch: what it writes; and, where a Python has torch and TRL, that both of its programs, in one
 * process and in two, train as we do.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { paperTraining } from "../../../lib/align/trainOptions";
import { writeJsonl } from "../../../lib/base/jsonl";
import { tokenizePairs, type TokenizedSide } from "../../../lib/preference/collate";
import { exportTorchVerb } from "../../../lib/steps/export";
import { promptIds } from "../../../lib/text/prompt";
import { loadTokenizer } from "../../../lib/text/tokenizer";
import { tinyModel, tinyPairs, writePairs } from "../../cli/data";
import { scratch, userError } from "../../golden/fixtures";
import { filesOf } from "./handoffFiles";

test("tokens and masks are the collator's; every epoch takes each pair once; rates warm up and fall to 0", (t) => {
  const dir = scratch(t);
  const out = path.join(dir, "torch");
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 11);
  const options = { ...paperTraining, batch: 4, epochs: 2, warmup: 0.3 };
  const { report, steps } = exportTorchVerb({ policyDir: tinyModel, pairs, mask: "paper", options, seed: 3, out });
  const { tokens, steps: rows, recipe } = filesOf(out);
  assert.deepEqual([report.kept, steps, rows.length], [11, 6, 6]);
  const tokenizer = loadTokenizer(tinyModel);
  const side = ({ ids, weights }: TokenizedSide) => ({ ids: [...ids], mask: [...weights] });
  const expected = tokenizePairs(tinyPairs(11), tokenizer, (prompt) => promptIds(tokenizer, prompt), {
    mask: "paper",
    maxPositions: 256,
  }).pairs;
  assert.deepEqual(
    tokens,
    expected.map(({ questionId, chosen, rejected }) => ({
      questionId,
      chosen: side(chosen),
      rejected: side(rejected),
    })),
  );
  for (const epoch of [0, 1])
    assert.deepEqual(
      rows
        .slice(3 * epoch, 3 * epoch + 3)
        .flatMap((row) => row.pairs)
        .sort((a, b) => a - b),
      Array.from({ length: 11 }, (_, i) => i),
    );
  assert.notDeepEqual(rows[0]!.pairs, rows[3]!.pairs);
  assert.deepEqual(
    rows.map(({ step, lr }) => [step, Math.round((1000 * lr) / options.lr)]),
    [
      [1, 500],
      [2, 1000],
      [3, 1000],
      [4, 854],
      [5, 500],
      [6, 146],
    ],
  );
  assert.deepEqual(
    [recipe["mask"], recipe["objective"], recipe["options"], recipe["betas"], recipe["pairs"]],
    ["paper", "dpo", { beta: 0.1 }, [0.9, 0.999], 11],
  );
});

test("a folder of other files, pairs that the mask empties, a model without tokenizer", (t) => {
  const dir = scratch(t);
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 2);
  const request = {
    policyDir: tinyModel,
    pairs,
    mask: "paper" as const,
    options: paperTraining,
    seed: 1,
    out: path.join(dir, "torch"),
  };
  assert.throws(
    () => exportTorchVerb({ ...request, out: dir }),
    userError(/expected no folder, an empty one or an earlier export, got a folder of other files/),
  );
  const empty = path.join(dir, "empty.jsonl");
  writeJsonl(
    empty,
    tinyPairs(2).map((pair) => ({ ...pair, rejected: { ...pair.rejected, sentences: [] } })),
  );
  assert.throws(
    () => exportTorchVerb({ ...request, pairs: empty }),
    userError(/pairs: expected at least one pair to train on, got 2 pairs, of which the mask empties a side of 2/),
  );
  assert.throws(
    () => exportTorchVerb({ ...request, policyDir: dir }),
    userError(/config\.json: expected a readable file/),
  );
  writeFileSync(empty, "");
  assert.throws(
    () => exportTorchVerb({ ...request, pairs: empty }),
    userError(/empty\.jsonl: expected at least one pair, got an empty file/),
  );
});

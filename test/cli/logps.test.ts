/** mask-dpo logps against transformers and against logits. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../../lib/engine/backend";
import { loadPolicy } from "../../lib/model/policy";
import { tokenizePair } from "../../lib/preference/collate";
import type { PreferencePair } from "../../lib/preference/pair";
import { promptIds } from "../../lib/text/prompt";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { tinyModel, writePairs } from "./data";
import * as here from "./here";
import { rowsOf } from "./process";
import { type LogpsRow, python, hasTorch, agreesWithTransformers } from "./transformersLogps";

test("logps of mask none are the sums of log-softmax over full logits", async (t) => {
  const dir = scratch(t);
  const pairs = writePairs(path.join(dir, "pairs.jsonl"), 5);
  const out = path.join(dir, "logps.jsonl");
  await here.succeed(["logps", "--model", tinyModel, "--pairs", pairs, "--mask", "none", "--out", out]);
  const rows = rowsOf<LogpsRow>(out);
  await startEngine();
  const policy = loadPolicy(tinyModel);
  rowsOf<PreferencePair>(pairs).forEach((pair, i) => {
    const tokenized = tokenizePair(pair, policy.tokenizer, promptIds(policy.tokenizer, pair.prompt), { mask: "none" });
    for (const side of ["chosen", "rejected"] as const) {
      const { ids, promptLength } = tokenized[side];
      const logits = tf.tidy(() => policy.model.logits(policy.params, [ids]).dataSync());
      const vocabulary = logits.length / ids.length;
      let sum = 0;
      for (let at = promptLength; at < ids.length; at++) {
        const row = Array.from(logits.subarray((at - 1) * vocabulary, at * vocabulary));
        sum += row[ids[at]!]! - Math.log(row.reduce((total, x) => total + Math.exp(x), 0));
      }
      assert.ok(Math.abs(rows[i]![`${side}Logps`] - sum) < 1e-3, `${pair.questionId} ${side}`);
      assert.equal(rows[i]![`${side}Tokens`], ids.length - promptLength);
      assert.equal(rows[i]![`${side}Unmasked`], ids.length - promptLength);
    }
  });
  policy.dispose();
});

test(
  "logps agree with transformers to 1e-3, with and without a chat template and mask",
  {
    timeout: 120_000,
    skip: hasTorch ? false : `${python} has no torch and transformers; name a Python that has in MASK_DPO_PYTHON`,
  },
  async (t) => {
    const dir = scratch(t);
    const pairs = writePairs(path.join(dir, "pairs.jsonl"), 4);
    for (const [model, mask] of [
      ["qwen2-gqa-tied", "paper"],
      ["llama-biases-linear", "none"],
    ] as const) {
      const out = path.join(dir, `${model}.jsonl`);
      await here.succeed([
        "logps",
        "--model",
        goldenPath("models", model),
        "--pairs",
        pairs,
        "--mask",
        mask,
        "--out",
        out,
      ]);
      agreesWithTransformers(goldenPath("models", model), pairs, mask, rowsOf<LogpsRow>(out));
    }
  },
);

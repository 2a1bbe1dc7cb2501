/** Supervised fine-tuning on demonstrations: the loop of training on pairs, with one side. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import { chooseObjective } from "../../lib/align/objective/registry";
import { trainRun } from "../../lib/align/trainRun";
import { paperTraining } from "../../lib/align/trainOptions";
import { writeJsonl } from "../../lib/base/jsonl";
import { startEngine } from "../../lib/engine/backend";
import { readSafetensors } from "../../lib/model/safetensors/safetensors";
import type { Demonstration, TrainingRow } from "../../lib/preference/demonstration";
import type { Mask } from "../../lib/preference/mask";
import { tinyModel, tinyPairs } from "../cli/data";
import { refuse, succeed } from "../cli/here";
import { scratch } from "../golden/fixtures";

before(() => startEngine());

const options = { ...paperTraining, objective: chooseObjective("sft"), lr: 1e-3, batch: 3, microbatch: 2, epochs: 2 };
const pairs = tinyPairs(5);
const demonstrations = pairs.map(({ questionId, topic, prompt, chosen: { completion, sentences } }): Demonstration => ({
  questionId,
  topic,
  prompt,
  completion,
  sentences,
}));

async function trained(rows: readonly TrainingRow[], mask: Mask, out: string) {
  const { logs, report } = await trainRun({ policyDir: tinyModel, pairs: rows, mask, options, seed: 1, out });
  const weights = readSafetensors(path.join(out, "model.safetensors"));
  return { logs, report, weights: weights.names.flatMap((name) => Array.from(weights.get(name).data)) };
}

for (const mask of ["paper", "none"] as const) {
  test(`as on the chosen sides of pairs, mask ${mask}`, async (t) => {
    const dir = scratch(t);
    const one = await trained(demonstrations, mask, path.join(dir, "one"));
    const two = await trained(pairs, mask, path.join(dir, "two"));
    assert.equal(one.report.kept, 5);
    assert.equal(one.logs.length, two.logs.length);
    one.logs.forEach(({ loss, gradNorm, rejectedLogps, rejectedReward }, i) => {
      assert.ok(Math.abs(loss - two.logs[i]!.loss) < 1e-5, `loss ${loss}, ${two.logs[i]!.loss}`);
      assert.ok(Math.abs(gradNorm - two.logs[i]!.gradNorm) < 1e-4);
      assert.deepEqual([rejectedLogps, rejectedReward], [0, 0], "there is no such side");
    });
    const largest = Math.max(...one.weights.map((value, i) => Math.abs(value - two.weights[i]!)));
    assert.ok(largest < 1e-4, `weights apart by ${largest}`);
    assert.ok(one.logs.at(-1)!.loss < one.logs[0]!.loss);
  });
}

test("without verdicts a completion counts whole, whatever the mask", async (t) => {
  const dir = scratch(t);
  const plain = demonstrations.map(({ sentences: _, ...row }) => row);
  const masked = await trained(plain, "paper", path.join(dir, "masked"));
  const whole = await trained(demonstrations, "none", path.join(dir, "whole"));
  assert.deepEqual(masked.weights, whole.weights);
  assert.equal(masked.logs[0]!.maskedShare, 0);
});

test("train --demonstrations; what compares two sides refuses them, and one kind of file is given", async (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "rows.jsonl");
  writeJsonl(file, demonstrations);
  const both = path.join(dir, "pairs.jsonl");
  writeJsonl(both, pairs);
  const out = path.join(dir, "out");
  const args = ["train", "--model", tinyModel, "--epochs", "1", "--out", out];
  const sft = ["--objective", "sft"];
  await refuse([...args, "--demonstrations", file], /--objective dpo: expected pairs: it compares two sides/);
  await refuse([...args, ...sft], /--pairs: expected --pairs or --demonstrations, got neither/);
  await refuse([...args, ...sft, "--pairs", both, "--demonstrations", file], /got both/);
  const stdout = await succeed([...args, ...sft, "--demonstrations", file]);
  assert.match(stdout, /5 of 5 pairs .*, 1 steps, loss \d+\.\d+; policy in/);
  assert.match(readFileSync(path.join(out, "config.json"), "utf8"), /LlamaForCausalLM/);
});

/** Reference log-probabilities: what batching must not change, and the cache by content. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { sequenceLogps } from "../../lib/align/logps";
import { cachedLogps, computeLogps } from "../../lib/align/reference";
import { startEngine } from "../../lib/engine/backend";
import { writeSafetensors } from "../../lib/model/safetensors";
import { collate } from "../../lib/preference/collate";
import { scratch, userError } from "../golden/fixtures";
import { tinyPolicy, tokenized } from "./tiny";

before(() => startEngine());

test("each pair gets its own sums, whatever it is batched and padded with", async () => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 70); // more than one batch
  const all = await computeLogps(policy.model, policy.params, pairs, policy.padId);
  for (const i of [0, 13, 69]) {
    const [chosen, rejected] = tf.tidy(() => sequenceLogps(policy.model, policy.params, collate([pairs[i]!], policy.padId)).dataSync());
    assert.ok(Math.abs(all.chosen[i]! - chosen!) < 1e-4 && Math.abs(all.rejected[i]! - rejected!) < 1e-4, `pair ${i}`);
  }
  policy.dispose();
});

test("the cache: read again for the same content, another entry for another reference, mask or text", async (t) => {
  const dir = scratch(t), policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const logps = (reference: string, of = pairs) => cachedLogps(dir, reference, policy.model, policy.params, of, policy.padId);
  const first = await logps("a");
  const [name] = readdirSync(dir) as [string];
  const file = path.join(dir, name);
  assert.deepEqual(await logps("a"), first);
  assert.equal(readdirSync(dir).length, 1);

  const planted = Float32Array.from(first.chosen, (x) => x - 1);
  writeSafetensors(file, new Map([["chosen", { shape: [3], data: planted }], ["rejected", { shape: [3], data: first.rejected }]]));
  assert.deepEqual((await logps("a")).chosen, planted, "it should be read, not computed again");

  await logps("b");
  await logps("a", tokenized(policy, 3, "none"));
  await logps("a", pairs.slice(0, 2));
  await logps("a", [pairs[1]!, pairs[0]!, pairs[2]!]);
  assert.equal(readdirSync(dir).length, 5);
  policy.dispose();
});

test("a hole in the cache is an error that names the pair", async (t) => {
  const dir = scratch(t), policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const logps = () => cachedLogps(dir, "a", policy.model, policy.params, pairs, policy.padId);
  const { chosen, rejected } = await logps();
  const file = path.join(dir, readdirSync(dir)[0]!);
  rejected[1] = NaN;
  writeSafetensors(file, new Map(Object.entries({ chosen, rejected }).map(([side, data]) => [side, { shape: [3], data }])));
  await assert.rejects(logps, userError(/logps-[0-9a-f]{16}\.safetensors: expected finite log-probabilities of 3 pairs, got 1 without, first: q1\. Delete the file/));
  policy.dispose();
});

test("a policy that overflows is named, and nothing of it is cached", async (t) => {
  const dir = scratch(t), policy = tinyPolicy();
  const large: Record<string, number> = { "model.norm.weight": 1e38, "model.embed_tokens.weight": 1e4 }; // finite weights, infinite logits
  const params = Object.fromEntries(Object.entries(policy.params).map(([name, x]) => [name, tf.mul(x, large[name] ?? 1)]));
  await assert.rejects(() => cachedLogps(dir, "a", policy.model, params, tokenized(policy, 2), policy.padId), userError(/reference logps: expected finite log-probabilities of 2 pairs, got 2 without, first: q0, q1\. The policy overflows/));
  assert.deepEqual(readdirSync(dir), []);
  tf.dispose(params);
  policy.dispose();
});

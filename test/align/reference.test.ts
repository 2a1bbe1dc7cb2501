/**
 * Reference log-probabilities: what batching must not change, and the cache by content, which masks and orders share.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { flatten } from "../../lib/align/flat";
import { sequenceLogps } from "../../lib/align/logps";
import { computeLogps, weightedSums } from "../../lib/align/completionLogps";
import { cachedLogps } from "../../lib/align/reference";
import { startEngine } from "../../lib/engine/backend";
import { readSafetensors, writeSafetensors, type HostTensor } from "../../lib/model/safetensors/safetensors";
import { sidesOf, type TokenizedPair } from "../../lib/preference/collate";
import { maskKinds } from "../../lib/preference/mask";
import { scratch, userError, inOrder } from "../golden/fixtures";
import { computeOf, tinyPolicy, tokenized } from "./tiny";

before(() => startEngine());

test("each pair gets its own log-probabilities, one per completion token, whatever it is computed with", async () => {
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 40); // more than two chunks
  const all = await computeLogps(computeOf(policy, pairs), policy.weights, pairs);
  const sums = weightedSums(all, pairs);
  for (const side of ["chosen", "rejected"] as const)
    assert.deepEqual(
      all[side].map(({ length }) => length),
      pairs.map((pair) => pair[side].ids.length - pair[side].promptLength),
    );
  for (const i of [0, 13, 39]) {
    const [chosen, rejected] = tf.tidy(() =>
      sequenceLogps(policy.model, policy.params, sidesOf([pairs[i]!])).dataSync(),
    );
    assert.ok(
      Math.abs(sums.chosen[i]! - chosen!) < 1e-4 && Math.abs(sums.rejected[i]! - rejected!) < 1e-4,
      `pair ${i}`,
    );
  }
  policy.dispose();
});

/** Changes the only entry of a cache in place. */
function editEntry(dir: string, edit: (tensors: Map<string, HostTensor>) => void): void {
  const [name] = readdirSync(dir) as [string];
  const file = path.join(dir, name);
  const tensors = readSafetensors(file);
  const copy = new Map(
    ["chosen", "rejected"].map((side): [string, HostTensor] => [
      side,
      { shape: tensors.get(side).shape.slice(), data: tensors.get(side).data.slice() },
    ]),
  );
  edit(copy);
  writeSafetensors(file, copy);
}

test("the cache: read again for the same content, another entry for another reference or other pairs", async (t) => {
  const dir = scratch(t);
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const logps = (reference: string, of = pairs) =>
    cachedLogps(dir, reference, computeOf(policy, of), policy.weights, of);
  const first = await logps("a");
  assert.deepEqual(await logps("a"), first);
  assert.equal(readdirSync(dir).length, 1);
  await logps("b");
  await logps("a", pairs.slice(0, 2));
  await logps(
    "a",
    pairs.map((pair, i) => (i === 1 ? { ...pair, chosen: pair.rejected, rejected: pair.chosen } : pair)),
  );
  const boundary = (pair: TokenizedPair): TokenizedPair => ({
    ...pair,
    chosen: { ...pair.chosen, promptLength: pair.chosen.promptLength - 1 },
  });
  await logps("a", pairs.map(boundary));
  assert.equal(readdirSync(dir).length, 5);
  policy.dispose();
});

test("the cache: computed once, for one mask, and read for every other and in every order", async (t) => {
  const dir = scratch(t);
  const policy = tinyPolicy();
  const logps = (pairs: TokenizedPair[]) => cachedLogps(dir, "a", computeOf(policy, pairs), policy.weights, pairs);
  await logps(tokenized(policy, 6, "paper"));
  editEntry(dir, (tensors) => {
    for (const { data } of tensors.values()) data.forEach((x, i) => (data[i] = 2 * x));
  }); // what is read is told from what is computed
  const seen: number[][] = [];
  for (const mask of maskKinds)
    for (const order of [
      [0, 1, 2, 3, 4, 5],
      [4, 0, 5, 3, 1, 2],
    ]) {
      const all = tokenized(policy, 6, mask);
      const pairs = order.map((i) => all[i]!);
      const computed = weightedSums(await computeLogps(computeOf(policy, pairs), policy.weights, pairs), pairs);
      const read = await logps(pairs);
      for (const side of ["chosen", "rejected"] as const)
        read[side].forEach((sum, i) =>
          assert.ok(Math.abs(sum - 2 * computed[side][i]!) < 1e-3, `${mask}, ${side} ${order[i]}`),
        );
      assert.equal(readdirSync(dir).length, 1);
      seen.push([...read.chosen, ...read.rejected]);
    }
  assert.equal(
    new Set(seen.map((sums) => sums.join())).size,
    seen.length,
    "every mask and order should have sums of its own",
  );
  policy.dispose();
});

test("a hole in the cache is an error that names the pair, another length one that names the file", async (t) => {
  const dir = scratch(t);
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const compute = computeOf(policy, pairs);
  const logps = () => cachedLogps(dir, "a", compute, policy.weights, pairs);
  await logps();
  const { rejected } = await computeLogps(compute, policy.weights, pairs);
  editEntry(dir, (tensors) => {
    const { data } = tensors.get("rejected")!;
    data[data.indexOf(rejected[1]![0]!)] = NaN;
  });
  await assert.rejects(
    logps,
    userError(
      inOrder(
        /logps-[0-9a-f]{16}\.safetensors: expected finite log-probabilities of 3 pairs, /,
        /got 1 without, first: q1\. Delete the file/,
      ),
    ),
  );
  editEntry(dir, (tensors) => {
    tensors.set("rejected", { shape: [2], data: new Float32Array(2) });
  });
  await assert.rejects(
    logps,
    userError(
      /logps-[0-9a-f]{16}\.safetensors: expected \d+ log-probabilities of rejected tokens, got 2\. Delete the file/,
    ),
  );
  policy.dispose();
});

test("a bit that was flipped in the cache is noticed", async (t) => {
  const dir = scratch(t);
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 3);
  const logps = () => cachedLogps(dir, "a", computeOf(policy, pairs), policy.weights, pairs);
  await logps();
  const file = path.join(dir, readdirSync(dir)[0]!);
  const bytes = readFileSync(file);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(file, bytes);
  await assert.rejects(logps(), userError(/logps-\w+\.safetensors: expected log-probabilities as they were/));
  policy.dispose();
});

test("a policy that overflows is named, and nothing of it is cached", async (t) => {
  const dir = scratch(t);
  const policy = tinyPolicy();
  const pairs = tokenized(policy, 2);
  // finite weights, infinite logits
  const large: Record<string, number> = { "model.norm.weight": 1e38, "model.embed_tokens.weight": 1e4 };
  const weights = tf.tidy(() =>
    flatten(policy.layout.names.map((name) => tf.mul(policy.params[name]!, large[name] ?? 1))),
  );
  await assert.rejects(
    () => cachedLogps(dir, "a", computeOf(policy, pairs), weights, pairs),
    userError(
      inOrder(
        /reference logps: expected finite log-probabilities of 2 pairs, /,
        /got 2 without, first: q0, q1\. The policy overflows/,
      ),
    ),
  );
  assert.deepEqual(readdirSync(dir), []);
  weights.dispose();
  policy.dispose();
});

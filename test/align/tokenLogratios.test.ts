/** Token log-ratios: they sum to what training uses, and show what moved. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { sequenceLogps } from "../../lib/align/logps";
import { tokenLogratios } from "../../lib/align/tokenLogratios";
import { startEngine } from "../../lib/engine/backend";
import { loadPolicy } from "../../lib/model/policy";
import { sidesOf, tokenizePair } from "../../lib/preference/collate";
import { promptIds } from "../../lib/text/prompt";
import { tinyModel, tinyPairs } from "../cli/data";

before(() => startEngine());

test("per token: policy minus reference; over the kept tokens their sum is the logratio of the side", async () => {
  const [policy, reference] = [loadPolicy(tinyModel), loadPolicy(tinyModel)];
  const moved = "model.embed_tokens.weight";
  const before = policy.params[moved]!;
  policy.params[moved] = tf.mul(before, 1.1);
  before.dispose();
  const [pair] = tinyPairs(1) as [ReturnType<typeof tinyPairs>[number]];
  const found = await tokenLogratios(policy, reference, pair);
  const prompt = promptIds(policy.tokenizer, pair.prompt);
  const sides = sidesOf([tokenizePair(pair, policy.tokenizer, prompt, { mask: "paper" })]);
  const sums = [policy, reference].map(({ model, params }) =>
    tf.tidy(() => Array.from(sequenceLogps(model, params, sides).dataSync())),
  ) as [number[], number[]];
  for (const [s, side] of (["chosen", "rejected"] as const).entries()) {
    const kept = found[side].filter(({ kept }) => kept);
    assert.ok(kept.length > 0 && kept.length < found[side].length);
    const total = kept.reduce((sum, { logratio }) => sum + logratio, 0);
    assert.ok(Math.abs(total - (sums[0][s]! - sums[1][s]!)) < 1e-4);
    assert.ok(found[side].some(({ logratio }) => Math.abs(logratio) > 1e-3));
    const text = found[side].slice(0, -1).map((token) => token.text);
    assert.equal(text.join(""), pair[side].completion);
  }
  assert.equal((found.html!.match(/<s /g) ?? []).length, sidesMasked(found));
  assert.match(found.text, /chosen:\n {2}[+-]\d+\.\d\d "/);
  policy.dispose();
  reference.dispose();
});

function sidesMasked({ chosen, rejected }: Awaited<ReturnType<typeof tokenLogratios>>): number {
  return [...chosen, ...rejected].filter(({ kept }) => !kept).length;
}

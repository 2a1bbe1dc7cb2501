/** What training refuses, and that nothing is lost. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { TrainState } from "../../lib/align/train";
import { startEngine } from "../../lib/engine/backend";
import { userError } from "../golden/fixtures";
import { tinyPolicy, tokenized } from "./tiny";
import { options, request, complete, spoilt } from "./trainRequest";

before(() => startEngine());

test("a loss that is not finite stops the run before the update and names exactly those pairs", async () => {
  const policy = tinyPolicy();
  const base = await request(policy, tokenized(policy, 12), { checkpointEvery: 1 });
  const saved: TrainState[] = [];
  await assert.rejects(
    complete({ ...base, reference: spoilt(base.reference!, 7), checkpoint: (s) => saved.push(s) }),
    userError(/finite loss, got a non-finite one for pairs q7\. /),
  );
  assert.ok(saved.length < 3, "the pair is met in the first epoch");
  for (const { weights } of saved) assert.ok(weights.every(Number.isFinite));
  policy.dispose();
});

test("an update that overflows is never handed out as a checkpoint", async () => {
  const policy = tinyPolicy();
  const base = await request(policy, tokenized(policy, 4), {
    checkpointEvery: 1,
    options: { ...options, lr: 1e38, warmup: 0 },
  });
  await assert.rejects(
    complete({ ...base, checkpoint: () => assert.fail("a checkpoint of it") }),
    userError(/finite weights after step 1, got an update that overflowed/),
  );
  policy.dispose();
});

test("an empty pair set is an error", async () => {
  const policy = tinyPolicy();
  const reference = { chosen: new Float32Array(), rejected: new Float32Array() };
  await assert.rejects(
    complete({ ...(await request(policy, tokenized(policy, 1))), pairs: [], reference }),
    userError(/train: expected at least one preference pair, got none/),
  );
  policy.dispose();
});

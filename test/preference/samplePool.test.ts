/** Worker processes give the candidates of one process, pass on errors, and leave nobody behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startEngine } from "../../lib/engine/backend";
import type { Candidate, Question } from "../../lib/factuality/records";
import { loadPolicy } from "../../lib/model/policy";
import { sampleCandidates, samplingTasks } from "../../lib/preference/candidate";
import { samplePool } from "../../lib/preference/samplePool";
import { goldenPath } from "../golden/golden";

/** Four questions fill a task. */
const k = 256;

const policyDir = goldenPath("models", "llama-tied-mha");
const sampling = { temperature: 1, topK: 20, topP: 1, maxNewTokens: 12 };
const questions = Array.from({ length: 7 }, (_, i): Question => ({
  id: `q${i}`,
  topic: "t",
  prompt: [{ role: "user", content: `Tell me about city number ${i * i}.` }],
}));

async function collect(source: AsyncIterable<Candidate[]>): Promise<Map<string, Candidate>> {
  const rows = new Map<string, Candidate>();
  for await (const candidates of source) for (const row of candidates) rows.set(`${row.questionId} ${row.index}`, row);
  return rows;
}

test("two workers sample what one process samples", async () => {
  await startEngine();
  const policy = loadPolicy(policyDir);
  const tasks = samplingTasks(policy.tokenizer, questions, k);
  assert.deepEqual(
    tasks.map(({ length }) => length),
    [4, 3],
  );
  const alone = new Map<string, Candidate>();
  for (const task of tasks)
    for (const [name, row] of await collect(sampleCandidates(policy, task, k, sampling, 3))) alone.set(name, row);
  policy.dispose();
  const pooled = await collect(samplePool({ policyDir, k, sampling, seed: 3 }, tasks, 2));
  assert.equal(pooled.size, questions.length * k);
  assert.deepEqual(new Map([...pooled].sort()), new Map([...alone].sort()));
});

test("an error of a worker is the caller's, in the user's words", async () => {
  const broken = samplePool(
    { policyDir: goldenPath("models", "no-such-model"), k: 2, sampling, seed: 1 },
    [questions],
    2,
  );
  await assert.rejects(
    collect(broken),
    (error: Error) => error.name === "UserError" && /no-such-model/.test(error.message),
  );
});

test("a caller that stops early ends the workers", async () => {
  for await (const _ of samplePool({ policyDir, k, sampling, seed: 3 }, [questions, questions], 2)) break;
  // A worker left behind would keep this test process alive past the runner's time limit.
});

/** A candidate depends on seed, question and index alone, not on what is sampled beside it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { startEngine } from "../../lib/engine/backend";
import { candidateSchema, type Candidate, type Question } from "../../lib/factuality/records";
import { greedySampling, paperSampling, type SamplingOptions } from "../../lib/model/generate";
import type { Policy } from "../../lib/model/policy";
import { sampleCandidates } from "../../lib/preference/candidate";
import { tinyPolicy } from "../align/tiny";
import { question } from "./fixtures";

const sampling: SamplingOptions = { ...paperSampling, maxNewTokens: 10 };
const questions: Question[] = ["a", "b", "a much longer name", "c"].map((id) => question(id));

async function sample(
  policy: Policy,
  asked: readonly Question[],
  k: number,
  seed: number,
  options = sampling,
): Promise<Map<string, Candidate>> {
  const rows: Candidate[] = [];
  for await (const candidates of sampleCandidates(policy, asked, k, options, seed)) rows.push(...candidates);
  return new Map(rows.map((row) => [`${row.questionId} ${row.index}`, row]));
}

before(() => startEngine());

test("K rows of every question, as the schema wants them; ids spell the completion", async () => {
  const policy = tinyPolicy();
  const rows = await sample(policy, questions, 3, 5);
  assert.deepEqual([...rows.keys()].sort(), questions.flatMap(({ id }) => [0, 1, 2].map((i) => `${id} ${i}`)).sort());
  for (const row of rows.values()) {
    assert.deepEqual(candidateSchema.parse(row), row);
    assert.equal(policy.tokenizer.decode(row.tokenIds!), row.completion);
    assert.ok(row.tokenIds!.length <= 10 && row.seed === 5);
  }
  policy.dispose();
});

test("the same row whatever else is asked, in whatever order, with more or fewer candidates", async () => {
  const policy = tinyPolicy();
  const all = await sample(policy, questions, 4, 5);
  const others = [
    await sample(policy, [questions[2]!], 4, 5),
    await sample(policy, questions.slice().reverse(), 4, 5),
    await sample(policy, questions.slice(1, 3), 2, 5),
  ];
  for (const some of others) for (const [name, row] of some) assert.deepEqual(row, all.get(name), name);
  policy.dispose();
});

test("another seed, index or question is another draw; greedy candidates are all the same", async () => {
  const policy = tinyPolicy();
  const [one, two] = [await sample(policy, questions, 4, 5), await sample(policy, questions, 4, 6)];
  assert.equal(new Set([...one.values(), ...two.values()].map(({ completion }) => completion)).size, 32);
  const greedy = await sample(policy, questions.slice(0, 1), 3, 5, { ...greedySampling, maxNewTokens: 10 });
  assert.equal(new Set([...greedy.values()].map(({ completion }) => completion)).size, 1);
  policy.dispose();
});

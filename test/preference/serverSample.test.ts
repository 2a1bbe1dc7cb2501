/** Sampling from a server: nothing lost or doubled, whatever the server does; shares of several clients. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { candidateKey } from "../../lib/factuality/records";
import { readJsonl } from "../../lib/base/jsonl";
import { Rng } from "../../lib/base/rng";
import { inShard, parseShard, readShards, ShardedLog, wholeShard } from "../../lib/base/shardedLog";
import { projectRoot } from "../../lib/base/files";
import type { Question } from "../../lib/factuality/records";
import {
  promptText,
  sampleServed,
  servedLog,
  servedSchema,
  type ServedSampling,
} from "../../lib/preference/serverSample";
import { renderPrompt } from "../../lib/text/prompt";
import { loadTokenizer } from "../../lib/text/tokenizer";
import { clientFor, completion, fakeServer, faults, send, type Seen } from "../server/fake";
import { scratch, userError } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";

const questions: Question[] = Array.from({ length: 20 }, (_, i) => ({
  id: `q${i}`,
  topic: `t${i}`,
  prompt: [{ role: "user", content: `Tell me about t${i}.` }],
}));
const setting: ServedSampling = {
  k: 3,
  sampling: { temperature: 0.8, topK: 40, topP: 1, maxNewTokens: 8 },
  seed: 2,
  logprobs: false,
  promptOf: ({ prompt }) => prompt,
};
const textOf = ({ body }: Seen): string => `${body.messages![0]!.content} ${body.seed}`;
const expected = questions
  .flatMap(({ id, prompt }) =>
    Array.from(
      { length: 3 },
      (_, index) =>
        `${index} ${id}: ${prompt[0]!.content} ${new Rng(2)
          .fork(id)
          .fork(index)
          .int(2 ** 31)}`,
    ),
  )
  .sort();
const rowsIn = (dir: string): string[] =>
  readShards(dir, servedLog, servedSchema)
    .map((row) => `${candidateKey(row)}: ${row.completion}`)
    .sort();

test(
  "every candidate exactly once from a server that fails in every way, one time in two",
  { timeout: 60_000 },
  async (t) => {
    const dir = scratch(t);
    const rng = new Rng("faults");
    const kinds = Object.values(faults);
    const server = await fakeServer(t, (response, seen) =>
      rng.next() < 0.5 ? rng.pick(kinds)(response, seen) : send(response, completion(seen, textOf(seen))),
    );
    await sampleServed(
      clientFor(server, { retries: 30, concurrency: 8, timeoutMs: 150 }),
      dir,
      questions,
      wholeShard,
      setting,
    );
    assert.deepEqual(rowsIn(dir), expected);
    assert.ok(server.seen.length > 70, `${server.seen.length} requests for 60 candidates`);
  },
);

test("a question that is refused is left out, the others are kept, and only it is asked for again", async (t) => {
  const dir = scratch(t);
  let refuse = true;
  const server = await fakeServer(t, (response, seen) =>
    refuse && seen.body.messages![0]!.content.endsWith("t7.")
      ? send(response, "too long", 400)
      : send(response, completion(seen, textOf(seen))),
  );
  await assert.rejects(
    sampleServed(clientFor(server), dir, questions, wholeShard, setting),
    userError(/a reply for each of 60 candidates, got none for 3/),
  );
  assert.equal(rowsIn(dir).length, 57);
  refuse = false;
  const before = server.seen.length;
  await sampleServed(clientFor(server), dir, questions, wholeShard, setting);
  assert.deepEqual(
    server.seen.slice(before).map(({ body }) => body.messages![0]!.content),
    Array(3).fill("Tell me about t7."),
  );
  assert.deepEqual(rowsIn(dir), expected);
});

test("two clients with a share each, at once, ask every question once; a third finds all done", async (t) => {
  const dir = scratch(t);
  const server = await fakeServer(
    t,
    (response, seen) => void setTimeout(() => send(response, completion(seen, textOf(seen))), 5),
  );
  await Promise.all([1, 2].map((index) => sampleServed(clientFor(server), dir, questions, { index, of: 2 }, setting)));
  assert.deepEqual(rowsIn(dir), expected);
  assert.equal(server.seen.length, 60);
  await sampleServed(clientFor(server), dir, questions, wholeShard, setting);
  assert.equal(server.seen.length, 60, "another n finds what was done");
});

test("shares are disjoint, complete, even, and the same for ever", () => {
  for (const of of [1, 2, 3, 7]) {
    const sizes = Array.from(
      { length: of },
      (_, i) =>
        Array.from({ length: 2000 }, (_, q) => `q${q}`).filter((name) => inShard(name, { index: i + 1, of })).length,
    );
    assert.equal(
      sizes.reduce((a, b) => a + b),
      2000,
    );
    for (const size of sizes) assert.ok(Math.abs(size - 2000 / of) < 4 * Math.sqrt(2000 / of), sizes.join(", "));
  }
  assert.deepEqual(
    ["q0", "q1", "q2", "q3"].map((name) => [1, 2, 3].find((index) => inShard(name, { index, of: 3 }))),
    [1, 1, 3, 1],
  );
  assert.deepEqual(
    [parseShard("2/8"), parseShard("0/2"), parseShard("3/2"), parseShard("1"), parseShard("1/x")],
    [{ index: 2, of: 8 }, undefined, undefined, undefined, undefined],
  );
});

test("a share has one writer (locks: test/base/lock.test.ts)", (t) => {
  const dir = scratch(t);
  const open = () => new ShardedLog(dir, servedLog, wholeShard, servedSchema);
  const log = open();
  assert.throws(
    open,
    userError(new RegExp(`jsonl: expected no other process at work on it, got process ${process.pid} on `)),
  );
  log.close();
  open().close();
});

test("a line that another client has not finished is left alone; a bad one is an error that says where", (t) => {
  const dir = scratch(t);
  const file = path.join(dir, "served.1-of-2.jsonl");
  const row = { questionId: "q0", index: 0, completion: "a", finish: "", promptTokens: 0, completionTokens: 0 };
  writeFileSync(file, `${JSON.stringify(row)}\n{"questionId":"q1"`);
  assert.deepEqual(readShards(dir, servedLog, servedSchema), [row]);
  const log = new ShardedLog(dir, servedLog, { index: 2, of: 2 }, servedSchema);
  log.append({ ...row, index: 1 });
  log.close();
  assert.match(readFileSync(file, "utf8"), /\{"questionId":"q1"$/);
  assert.equal(readShards(dir, servedLog, servedSchema).length, 2);
  appendFileSync(file, "}\n");
  assert.throws(
    () => readShards(dir, servedLog, servedSchema),
    userError(/served\.1-of-2\.jsonl:2: expected a valid "index"/),
  );
});

test("prompts as text are what the policy would see, BOS left to servers that add it", () => {
  const question = questions[0]!;
  const atlas = loadTokenizer(path.join(projectRoot, "data/atlas/base"));
  assert.equal(promptText(atlas)(question), "Tell me about t0.\n");
  const llama = loadTokenizer(goldenPath("text", "llama3"));
  const bos = llama.specialTokens.bos_token!;
  assert.ok(renderPrompt(llama, question.prompt).startsWith(bos));
  assert.equal(bos + promptText(llama)(question), renderPrompt(llama, question.prompt));
  // a template that spells BOS out, and a tokenizer that adds none
  const spelled = loadTokenizer(goldenPath("turns", "mistral-legacy"));
  assert.equal(promptText(spelled)(question), "<s> [INST] Tell me about t0. [/INST]");
});

test("log-probabilities are kept with their row", async (t) => {
  const dir = scratch(t);
  const server = await fakeServer(t, (response, seen) => {
    const answer = completion(seen, "ab") as { choices: object[] };
    send(response, {
      ...answer,
      choices: answer.choices.map((choice) => ({
        ...choice,
        logprobs: { content: [{ token: "ab", logprob: -0.25 }] },
      })),
    });
  });
  await sampleServed(clientFor(server), dir, questions.slice(0, 1), wholeShard, { ...setting, k: 1, logprobs: true });
  assert.deepEqual(readJsonl(path.join(dir, "served.1-of-1.jsonl"), servedSchema), [
    {
      questionId: "q0",
      index: 0,
      completion: "ab",
      finish: "stop",
      promptTokens: 7,
      completionTokens: 3,
      logprobs: { tokens: ["ab"], logprobs: [-0.25] },
    },
  ]);
});

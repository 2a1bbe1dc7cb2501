/** How completions of a server end: of themselves, cut, filtered, with an end token in the text, or not at all. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeJsonl } from "../../lib/base/jsonl";
import type { Candidate, Question } from "../../lib/factuality/records";
import { scratch } from "../golden/fixtures";
import { goldenPath } from "../golden/golden";
import { fakeServer, send } from "../server/fake";
import * as here from "./here";
import { rowsOf } from "./process";

type Reply = [content: string | null, finish: string | null, reasoning?: string];

/** `sample --server` of a question a reply, each answered so. */
async function sample(t: Parameters<typeof scratch>[0], replies: Reply[], ...more: string[]) {
  const dir = scratch(t);
  const questions = replies.map(([,], i): Question => ({
    id: `q${i}`,
    topic: "t",
    prompt: [{ role: "user", content: `${i}` }],
  }));
  writeJsonl(path.join(dir, "questions.jsonl"), questions);
  const server = await fakeServer(t, (response, { body }) => {
    const asked = body.messages?.[0]!.content ?? body.prompt!; // a text is rendered by the tokenizer's template
    const [content, finish_reason, reasoning_content] = replies[Number(/\d/.exec(asked)![0])]!;
    const said = body.messages ? { message: { content, reasoning_content } } : { text: content };
    send(response, { choices: [{ ...said, finish_reason }], usage: { prompt_tokens: 1, completion_tokens: 9 } });
  });
  const out = path.join(dir, "out.jsonl");
  const args = ["--server", server.url, "--model-name", "m", "--questions", path.join(dir, "questions.jsonl")];
  const ended = await here.run(["sample", ...args, "--k", "1", "--retries", "2", "--out", out, ...more]);
  const rows = existsSync(out) ? rowsOf<Candidate>(out).map((row) => [row.completion, row.finished]) : undefined;
  return { ...ended, rows, seen: server.seen };
}

test("what was cut or filtered is marked, and counted by its reason", async (t) => {
  const { stdout, rows } = await sample(t, [
    ["Graz is", "length"],
    ["Graz is old.", "stop"],
    ["", "content_filter"],
    [null, "content_filter"],
    ["Graz.", null],
    ["Graz lies", "length"],
  ]);
  assert.deepEqual(rows, [
    ["Graz is", false],
    ["Graz is old.", undefined],
    ["", false],
    ["", false],
    ["Graz.", undefined],
    ["Graz lies", false],
  ]);
  assert.match(stdout, /^6 candidates in .+, 2 cut at 256 tokens, 2 ended by "content_filter"; 6 prompt/);
});

test("an end token in the text: said without the model's tokenizer, taken off with it", async (t) => {
  const replies: Reply[] = [
    ["Graz is old.<|im_end|>", "stop"],
    ["It is.<|im_end|>\n", "length"],
    ["<|im_end|> is a token", "stop"],
  ];
  const unknown = await sample(t, replies);
  assert.match(unknown.stdout, /, 2 with an end token in the text \(<\|im_end\|>; --tokenizer /);
  assert.equal(unknown.rows![0]![0], replies[0]![0]);
  const known = await sample(t, replies, "--tokenizer", goldenPath("text", "qwen2"));
  assert.deepEqual(known.rows, [
    ["Graz is old.", undefined],
    ["It is.", undefined],
    ["<|im_end|> is a token", undefined],
  ]);
});

test("a model that spends all on reasoning: one message, nothing asked twice", async (t) => {
  const { stderr, rows, seen, code } = await sample(t, [
    [null, "length", "Let me think about"],
    ["Graz.", "stop"],
    ["", "length", "Let me think about"],
  ]);
  assert.notEqual(code, 0);
  assert.deepEqual([rows, seen.length], [undefined, 3]);
  assert.match(stderr, /got none for 2 \(the first: no text but reasoning, ended by "length" \(9 tokens\)\)/);
  assert.match(stderr, /raise --max-new-tokens, or switch thinking off/);
});

test("--extra adds up, takes key=value, and leaves out what is null", async (t) => {
  const { seen } = await sample(
    t,
    [["a", "stop"]],
    "--extra",
    '{"min_p":0.1}',
    "--extra",
    "seed=null",
    "--extra",
    "a=b",
  );
  assert.deepEqual([seen[0]!.body.min_p, "seed" in seen[0]!.body, seen[0]!.body.a], [0.1, false, "b"]);
  const wrong = await sample(t, [["a", "stop"]], "--extra", "seed");
  assert.match(wrong.stderr, /Expected a JSON object, or key=value/);
});

test("a server that gives the same candidate again and again does not sample, which is said", async (t) => {
  const same = [0, 1, 2].map((i): Reply => [`Graz ${i}.`, "stop"]);
  const { stdout } = await sample(t, same, "--k", "3");
  assert.match(
    stdout,
    /^9 candidates in .+, of every question all the same although the temperature is 0\.8: the server/,
  );
  for (const more of [
    ["--k", "1"],
    ["--k", "3", "--temperature", "0"],
  ])
    assert.doesNotMatch((await sample(t, same, ...more)).stdout, /all the same/);
});

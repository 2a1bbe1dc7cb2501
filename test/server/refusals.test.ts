/** Servers that refuse parameters others want, answer in parts or only think, or answer more than was asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answerLimit, isFinished, requestOf, type Ask } from "../../lib/server/wire";
import { userError } from "../golden/fixtures";
import { clientFor, completion, fakeServer, send, type Answer } from "./fake";

const sampling = { temperature: 0.8, topK: 40, topP: 1, maxNewTokens: 64 };
const chat: Ask = { prompt: [{ role: "user", content: "Hello" }], sampling, seed: 5 };

/** Refuses bodies with one of the keys, as that server words it. */
const refusing =
  (wordings: Record<string, [status: number, body: unknown]>): Answer =>
  (response, seen) => {
    const [status, body] = Object.entries(wordings).find(([key]) => key in seen.body)?.[1] ?? [200, undefined];
    send(response, body ?? completion(seen, "ok"), status);
  };
const openai: [number, unknown] = [
  400,
  {
    error: {
      message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
      param: "max_tokens",
    },
  },
];
const strict = (key: string): [number, unknown] => [
  422,
  { detail: [{ type: "extra_forbidden", loc: ["body", key], msg: "Extra inputs are not permitted" }] },
];

test("a server that wants max_completion_tokens, and one that takes no seed: found out once, and said", async (t) => {
  const server = await fakeServer(t, refusing({ max_tokens: openai, seed: strict("seed") }));
  const client = clientFor(server, { concurrency: 1, retries: 0 });
  for (const seed of [1, 2, 3]) assert.equal((await client.ask({ ...chat, seed })).text, "ok");
  assert.equal(server.seen.length, 2 + 3, "two refusals for three answers");
  const { max_completion_tokens, max_tokens, seed, top_k } = server.seen.at(-1)!.body;
  assert.deepEqual([max_completion_tokens, max_tokens, seed, top_k], [64, undefined, undefined, 40]);
  assert.deepEqual(client.changes, ["max_tokens is sent as max_completion_tokens", "seed is not sent"]);
});

test("what decides numbers is not left out unasked; what --extra sets is left as it is", async (t) => {
  const server = await fakeServer(t, refusing({ top_k: strict("top_k"), seed: strict("seed") }));
  await assert.rejects(clientFor(server).ask(chat), userError(/HTTP 422: .*top_k.*leaves a key out/));
  const without = clientFor(server, { extra: { top_k: null, seed: null } });
  assert.equal((await without.ask(chat)).text, "ok");
  assert.deepEqual(without.changes, []);
  const wanted = clientFor(server, { extra: { top_k: null, seed: 7 } });
  await assert.rejects(wanted.ask(chat), userError(/HTTP 422/));
});

test("a refusal for another reason is none of a parameter, whatever it repeats of the request", async (t) => {
  let refusals = 0;
  const server = await fakeServer(t, (response, seen) => {
    if (seen.body.seed === 5) refusals++;
    const message = `maximum context length is 8; 'max_tokens' or 'max_completion_tokens' is too large; seed: 5`;
    send(
      response,
      seen.body.seed === 6 ? completion(seen, "ok") : { error: message },
      seen.body.seed === 6 ? 200 : 400,
    );
  });
  const client = clientFor(server);
  await assert.rejects(client.ask(chat), userError(/too large/));
  assert.equal(refusals, 1);
  await client.ask({ ...chat, seed: 6 });
  assert.deepEqual([client.changes, server.seen.at(-1)!.body.max_tokens], [[], 64]);
});

test("a server that refuses whatever is changed keeps getting the whole request", async (t) => {
  const server = await fakeServer(t, (response, seen) =>
    seen.body.seed === 6
      ? send(response, completion(seen, "ok"))
      : send(response, { error: "unknown field seed, unknown field model" }, 400),
  );
  const client = clientFor(server);
  await assert.rejects(client.ask(chat), userError(/HTTP 400/));
  assert.equal((await client.ask({ ...chat, seed: 6 })).text, "ok");
  assert.deepEqual(client.changes, []);
});

test("null leaves a key out of either request", () => {
  const extra = { max_tokens: null, seed: null, max_completion_tokens: 9, temperature: null };
  assert.deepEqual(requestOf("m", chat, extra).body, {
    model: "m",
    top_k: 40,
    messages: chat.prompt,
    max_completion_tokens: 9,
  });
  assert.deepEqual(requestOf("m", { ...chat, prompt: "Hi" }, { top_k: null, ...extra }).body, {
    model: "m",
    prompt: "Hi",
    max_completion_tokens: 9,
  });
});

test("texts in parts are joined; thoughts among them, and beside the content, are no text", async (t) => {
  const answers: [message: object, finish: string, text: string, silent?: RegExp][] = [
    [
      { content: [{ type: "text", text: "Graz lies " }, "in ", { type: "text", text: "Austria." }] },
      "stop",
      "Graz lies in Austria.",
    ],
    [
      {
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
          { type: "text", text: "Yes." },
        ],
      },
      "stop",
      "Yes.",
    ],
    [{ content: "Yes.", reasoning_content: "Hm." }, "stop", "Yes."],
    [{ content: "", refusal: null }, "stop", ""],
    [{ content: "" }, "content_filter", ""],
    [{ content: null }, "content_filter", ""],
    [{ content: null, reasoning_content: "Hm, Graz" }, "length", "", /^no text but reasoning, ended by "length"$/],
    [{ content: "", reasoning: "Hm, Graz" }, "length", "", /^no text but reasoning/],
    [{ content: "\n\n", reasoning_content: "Hm." }, "stop", "\n\n", /^no text but reasoning, ended by "stop"$/],
    [{ content: [{ type: "thinking", thinking: "Hm." }] }, "length", "", /^no text but reasoning/],
    [{ content: null }, "length", "", /^no text, ended by "length"$/],
    [{ reasoning_content: "Hm." }, "", "", /^no text but reasoning$/],
  ];
  const server = await fakeServer(t, (response, _, n) => {
    const [message, finish_reason] = answers[n]!;
    send(response, { choices: [{ message, finish_reason }] });
  });
  const client = clientFor(server, { retries: 0 });
  for (const [message, , text, silent] of answers) {
    const reply = await client.ask(chat);
    assert.equal(reply.text, text, JSON.stringify(message));
    if (silent) assert.match(reply.silent!, silent);
    else assert.equal(reply.silent, undefined, JSON.stringify(message));
  }
});

test("an answer the model did not end is not finished", () => {
  const finished = (finish: string) => isFinished({ finish });
  assert.deepEqual(["", "stop", "eos_token", "end_turn"].map(finished), [true, true, true, true]);
  assert.deepEqual(["length", "content_filter", "model_length", "tool_calls"].map(finished), [
    false,
    false,
    false,
    false,
  ]);
});

test("an answer is read no further than the token limit lets one be long", async (t) => {
  const server = await fakeServer(t, (response, seen) => send(response, completion(seen, "x".repeat(300_000))));
  const client = (maxNewTokens: number) =>
    clientFor(server, { maxBytes: undefined, retries: 0, timeoutMs: 5000 }).ask({
      ...chat,
      sampling: { ...sampling, maxNewTokens },
    });
  await assert.rejects(client(64), userError(/an answer of more than \d+ bytes/));
  assert.equal((await client(1000)).text.length, 300_000);
  // nobody's tokens are longer on average, log-probabilities included
  const longest = JSON.stringify(completion(server.seen[0]!, "\u{10ffff}".repeat(1000 * 8)));
  assert.ok(answerLimit({ max_tokens: 1000 }) > 4 * longest.length);
  assert.equal(answerLimit({ max_completion_tokens: 1e9 }), 1 << 24);
  assert.equal(answerLimit({}), 1 << 24, "no limit was sent");
  assert.ok(answerLimit({ max_tokens: 64, logprobs: true }) > answerLimit({ max_tokens: 64 }));
});

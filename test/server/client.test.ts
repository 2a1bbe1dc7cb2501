/** The client against a server that does everything wrong, on the loopback. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserError } from "../../lib/base/check";
import { ServerClient } from "../../lib/server/client";
import { retryAfterMs } from "../../lib/server/http";
import type { Ask } from "../../lib/server/wire";
import { userError } from "../golden/fixtures";
import { assertNear, clientFor, completion, fakeServer, faults, good, send } from "./fake";

const sampling = { temperature: 0.8, topK: 40, topP: 1, maxNewTokens: 64 };
const chat: Ask = { prompt: [{ role: "user", content: "Hello" }], sampling, seed: 5 };
const text: Ask = { ...chat, prompt: "Hello\n" };

test("what is sent, to which endpoint, and what comes back", async (t) => {
  const server = await fakeServer(
    t,
    good(() => "Hi \ud800!"),
  );
  const client = clientFor(server, { extra: { min_p: 0.1 } }, "sk-secret");
  assert.deepEqual(await client.ask(chat), {
    text: "Hi \ufffd!",
    finish: "stop",
    promptTokens: 7,
    completionTokens: 3,
  });
  await client.ask({ ...text, sampling: { temperature: 0, topK: 0, topP: 0.9, maxNewTokens: 9 }, logprobs: true });
  assert.deepEqual(
    server.seen.map(({ path, authorization, body }) => ({ path, authorization, body })),
    [
      {
        path: "/v1/chat/completions",
        authorization: "Bearer sk-secret",
        body: { model: "m", max_tokens: 64, temperature: 0.8, top_k: 40, seed: 5, messages: chat.prompt, min_p: 0.1 },
      },
      {
        path: "/v1/completions",
        authorization: "Bearer sk-secret",
        body: {
          model: "m",
          max_tokens: 9,
          temperature: 0,
          top_p: 0.9,
          seed: 5,
          prompt: "Hello\n",
          logprobs: 1,
          min_p: 0.1,
        },
      },
    ],
  );
});

test("log-probabilities of both endpoints, where the server gives them", async (t) => {
  const server = await fakeServer(t, (response, seen, n) => {
    const answer = completion(seen, "ab") as { choices: object[] };
    const logprobs = [
      {
        content: [
          { token: "a", logprob: -0.5, bytes: [97] },
          { token: "b", logprob: -1 },
        ],
      },
      { tokens: ["a", "b"], token_logprobs: [-0.5, -1], text_offset: [0, 1] },
      { tokens: ["a"], token_logprobs: [-1, -2] },
      null,
    ][n];
    send(response, { ...answer, choices: answer.choices.map((choice) => ({ ...choice, logprobs })) });
  });
  const client = clientFor(server);
  const expected = { tokens: ["a", "b"], logprobs: [-0.5, -1] };
  assert.deepEqual((await client.ask({ ...chat, logprobs: true })).logprobs, expected);
  assert.deepEqual((await client.ask({ ...text, logprobs: true })).logprobs, expected);
  assert.equal((await client.ask({ ...text, logprobs: true })).logprobs, undefined, "of unequal length");
  assert.equal((await client.ask({ ...chat, logprobs: true })).logprobs, undefined);
});

test("every fault that passes is got over, and one that stays ends in one message", { timeout: 60_000 }, async (t) => {
  for (const [name, fault] of Object.entries(faults)) {
    await t.test(name, async (t) => {
      const server = await fakeServer(t, (response, seen, n) =>
        n % 2 === 0 ? fault(response, seen) : send(response, completion(seen, "good")),
      );
      const client = clientFor(server, { timeoutMs: 1000 }); // what a stall is noticed by
      assert.equal((await client.ask(chat)).text, "good");
      assert.equal((await client.ask(text)).text, "good");
      assert.equal(server.seen.length, 4);
      const stuck = await fakeServer(t, fault);
      await assert.rejects(
        clientFor(stuck, { retries: 1, timeoutMs: 150 }).ask(chat),
        userError(/^http:.+: expected a completion, got .+, after 2 tries\. Check/),
      );
      assert.equal(stuck.seen.length, 2);
    });
  }
});

test("a server that is not there, a host that does not answer in time", async (t) => {
  const server = await fakeServer(t, () => undefined);
  const gone = new ServerClient({ ...clientFor(server).options, url: "http://127.0.0.1:9/v1", retries: 2 });
  await assert.rejects(gone.ask(chat), userError(/got .+, after 3 tries/));
  const started = performance.now();
  await assert.rejects(
    clientFor(server, { retries: 1, timeoutMs: 100 }).ask(chat),
    userError(/got no answer within 0\.1 s, after 2 tries/),
  );
  assertNear(performance.now() - started, 190, 2000);
});

test("Retry-After: seconds or a date; all requests wait; nobody waits for ever", async (t) => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const cases: [string | null, number][] = [
    [null, 0],
    ["2", 2000],
    ["0", 0],
    [" 1.5 ", 1500],
    ["-3", 0],
    ["soon", 0],
    ["Thu, 01 Jan 2026 00:00:05 GMT", 5000],
    ["Thu, 01 Jan 2015 00:00:05 GMT", 0],
    ["9".repeat(400), 0],
  ];
  for (const [header, ms] of cases) assert.equal(retryAfterMs(header, now), ms, String(header));

  const server = await fakeServer(t, (response, seen, n) =>
    n === 0 ? send(response, "", 429, { "retry-after": "1" }) : send(response, completion(seen, "ok")),
  );
  const client = clientFor(server);
  const first = client.ask(chat);
  while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 100)); // the client has read the 429
  await Promise.all([first, client.ask(text), client.ask(text)]);
  for (const { at } of server.seen.slice(1)) assertNear(at - server.seen[0]!.at, 990, 5000);

  const patient = await fakeServer(t, (response) => send(response, "", 429, { "retry-after": "86400" }));
  await assert.rejects(clientFor(patient).ask(chat), userError(/HTTP 429\. The server asks to wait 86400 s\./));
  assert.equal(patient.seen.length, 1);
});

test("no more requests at a time and in a minute than were allowed", async (t) => {
  let open = 0;
  let most = 0;
  const slow = await fakeServer(t, (response, seen) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      send(response, completion(seen, "ok"));
    }, 30);
  });
  const client = clientFor(slow, { concurrency: 3 });
  await Promise.all(Array.from({ length: 12 }, () => client.ask(chat)));
  assert.equal(most, 3);

  const server = await fakeServer(t, (response, seen, n) =>
    n === 1 ? faults["500"]!(response, seen) : send(response, completion(seen, "ok")),
  );
  const paced = clientFor(server, { requestsPerMinute: 600, concurrency: 8 });
  const started = performance.now();
  await Promise.all(Array.from({ length: 4 }, () => paced.ask(chat)));
  assert.equal(server.seen.length, 5, "a retry counts too");
  assert.ok(performance.now() - started > 390, "five starts, each 100 ms after the one before");
});

test("waits before retries grow, with the same jitter for the same seed", async (t) => {
  const waits = async (seed: number): Promise<number[]> => {
    const server = await fakeServer(t, faults["500"]!);
    await assert.rejects(clientFor(server, { seed, backoffMs: 100 }).ask(chat));
    return server.seen.slice(1).map(({ at }, i) => at - server.seen[i]!.at);
  };
  const [a, b] = [await waits(1), await waits(1)];
  a.forEach((wait, i) => assertNear(wait, 50 * 2 ** i - 2, 100 * 2 ** i + 400));
  a.forEach((wait, i) => assertNear(b[i]!, wait - 150, wait + 150));
});

test("refusals: a key is never shown, not even when the server repeats it; redirects are not followed", async (t) => {
  const echo = await fakeServer(t, (response, { authorization }) =>
    send(response, { error: `bad key ${authorization}` }, 401),
  );
  await assert.rejects(clientFor(echo, {}, "sk-very-secret").ask(chat), (error: UserError) => {
    assert.match(error.message, /HTTP 401: .+bad key Bearer \*\*\*.+MASK_DPO_API_KEY/);
    assert.doesNotMatch(error.message + error.stack, /very-secret/);
    return true;
  });
  const target = await fakeServer(
    t,
    good(() => "stolen"),
  );
  const redirect = await fakeServer(t, (response) =>
    send(response, "", 307, { location: `${target.url}/chat/completions` }),
  );
  await assert.rejects(clientFor(redirect, {}, "sk").ask(chat), userError(/HTTP 307/));
  assert.equal(target.seen.length + redirect.seen.length, 1);
  const long = await fakeServer(t, (response) => send(response, { message: "maximum context length is 128" }, 400));
  await assert.rejects(clientFor(long).ask(chat), userError(/HTTP 400: .+context length.+Check prompt length/));
  assert.equal(long.seen.length, 1, "asking again would not help");

  assert.throws(
    () => clientFor(echo, {}, "two\nlines"),
    userError(/MASK_DPO_API_KEY: expected a key of visible ASCII/),
  );
  for (const url of ["ftp://a/v1", "nonsense", "http://user:pass@127.0.0.1/v1", "http://127.0.0.1/v1?key=secret"]) {
    assert.throws(
      () => clientFor({ url, seen: [] }),
      (error: UserError) =>
        userError(/--server: expected an address like/)(error) &&
        !/pass|secret/.test(error.message.replace("without name, password or query", "")),
    );
  }
});

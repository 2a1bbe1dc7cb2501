/** Who may ask our own server, what is refused and how, and what becomes of those who leave. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { startServing } from "../../../lib/steps/serve/serve";
import { tinyModel } from "../../cli/data";
import { userError } from "../../golden/fixtures";
import { scriptedModel } from "../../model/scripted";
import { chat, model, serving, token, type Answer } from "./serving";

test("what cannot be done is refused by name, in OpenAI's form", async (t) => {
  const { url, post, headers } = await serving(t);
  const long = "word ".repeat(400);
  const refusals: [at: string, body: unknown, status: number, message: RegExp, param?: string | null][] = [
    ["/chat/completions", "{", 400, /no JSON/],
    ["/chat/completions", "[1]", 400, /./],
    ["/chat/completions", Buffer.from([34, 255, 34]), 400, /no JSON/],
    ["/chat/completions", { ...chat, messages: [{ role: "user", content: long }] }, 400, /1 to 255 tokens.+got \d+/],
    ["/chat/completions", { ...chat, messages: [] }, 400, /messages: Required/, "messages"],
    ["/chat/completions", { ...chat, messages: [{ role: "tool", content: "" }] }, 400, /role/, "messages.0.role"],
    ["/chat/completions", { ...chat, tools: [{ type: "function" }] }, 400, /tools: not supported/, "tools"],
    ["/chat/completions", { ...chat, logprobs: true }, 400, /logprobs: not supported/, "logprobs"],
    ["/chat/completions", { ...chat, frequency_penalty: 0.5 }, 400, /frequency_penalty: not/, "frequency_penalty"],
    ["/chat/completions", { ...chat, temperature: -1 }, 400, /temperature/, "temperature"],
    ["/chat/completions", { ...chat, n: 1000 }, 400, /n: /, "n"],
    ["/chat/completions", { ...chat, stop: [""] }, 400, /stop/, "stop.0"],
    ["/chat/completions", { ...chat, model: "gpt-5" }, 404, /expected the model "llama-tied-mha"/, "model"],
    ["/completions", { model, prompt: "x", logprobs: 1 }, 400, /logprobs/, "logprobs"],
    ["/completions", { model, prompt: [[1, 320]] }, 400, /token ids below 320, got 320/],
    ["/completions", { model, prompt: "" }, 400, /1 to 255 tokens/],
    ["/completions", { model, prompt: new Array(80).fill("x"), n: 2 }, 400, /at most 128/, "prompt"],
    ["/embeddings", { model, input: "Brno", dimensions: 8 }, 400, /dimensions: not supported/, "dimensions"],
    ["/audio", {}, 404, /expected one of GET \/v1\/models/],
    ["/models", {}, 405, /expected GET/],
    ["/completions", JSON.stringify({ model, prompt: "x".repeat(1 << 21) }), 413, /at most 2097152 bytes/],
  ];
  for (const [at, body, status, message, param = null] of refusals) {
    const got = await post(at, body, Buffer.isBuffer(body) ? { body: new Uint8Array(body) } : undefined);
    const what = `${at} ${message.source}`;
    assert.equal(got.status, status, what);
    assert.match(got.answer.error.message, message);
    assert.equal(got.answer.error.param, param, what);
    assert.equal(got.answer.error.type, "invalid_request_error");
  }
  const nothing = { tools: [], logit_bias: {}, presence_penalty: 0, response_format: { type: "text" }, user: "me" };
  const parts = [
    { type: "text", text: "Where does " },
    { type: "text", text: "Brno lie?" },
  ];
  const messages = [{ role: "user", content: parts, refusal: null, tool_calls: [] }];
  const { answer } = await post("/chat/completions", { ...chat, ...nothing, messages });
  assert.deepEqual(answer.choices, (await post("/chat/completions", chat)).answer.choices);
  const { "content-type": _, ...form } = headers;
  assert.equal((await post("/completions", { model, prompt: "x" }, { headers: form })).status, 415);
  const models = await fetch(`${url}/models`, { headers });
  assert.deepEqual(
    ((await models.json()) as Answer).data.map(({ id }) => id),
    [model],
  );
});

test("nobody without the token, no page of another origin, no other name of this machine", async (t) => {
  const { url, post } = await serving(t);
  for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${token}`, `Bearer ${token}x`]) {
    const headers = { "content-type": "application/json", authorization };
    const { status, answer, headers: said } = await post("/chat/completions", chat, { headers });
    assert.deepEqual(
      [status, answer.error.type, said.get("www-authenticate")],
      [401, "authentication_error", "Bearer"],
    );
  }
  assert.equal((await fetch(`${url}/models`)).status, 401);
  const open = await serving(t, { token: undefined });
  assert.equal((await fetch(`${open.url}/models`)).status, 200);
  const status = (host: string, method = "GET"): Promise<[number, string[]]> =>
    new Promise((resolve, reject) =>
      httpRequest(`${open.url}/models`, { method, headers: { host, origin: "http://evil.example" } }, (response) => {
        response.resume().on("end", () => resolve([response.statusCode!, Object.keys(response.headers)]));
      })
        .on("error", reject)
        .end(),
    );
  for (const host of ["evil.example", "127.0.0.1.evil.example:8000", "localhost.evil.example", "10.0.0.1", "a@b"])
    assert.equal((await status(host))[0], 403, host);
  for (const host of ["localhost", "127.0.0.1:8000", "[::1]:80", "LOCALHOST"])
    assert.equal((await status(host))[0], 200);
  for (const method of ["GET", "OPTIONS"])
    assert.ok(!(await status("localhost", method))[1].some((name) => name.startsWith("access-control")), method);
  await assert.rejects(
    startServing({ model: tinyModel, host: "0.0.0.0", port: 0 }),
    userError(/--no-token: expected a server that only this machine reaches/),
  );
  await assert.rejects(
    startServing({ model: tinyModel, host: "127.0.0.1", port: Number(new URL(url).port), token }),
    userError(/--port \d+: expected an address that is free to listen at, got EADDRINUSE/),
  );
});

test("who is gone is computed for no longer, who waits is served, who is served at the end is told", async (t) => {
  const endless = await serving(t, { model: scriptedModel(t, "ab", { ends: false, maxPositions: 1 << 20 }) });
  const ask = { ...chat, model: "scripted", max_tokens: undefined };
  const begun = async (): Promise<{ read: () => Promise<string>; leave: () => void }> => {
    const leaving = new AbortController();
    const { body } = await endless.send("/chat/completions", { ...ask, stream: true }, { signal: leaving.signal });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    return {
      read: async () => (await reader.read()).value ?? "",
      leave: () => leaving.abort(),
    };
  };
  const first = await begun();
  assert.match(await first.read(), /"role":"assistant"/);
  const waiting = new AbortController();
  const second = endless.post("/chat/completions", ask, { signal: waiting.signal });
  const third = endless.post("/chat/completions", { ...ask, max_tokens: 4 });
  waiting.abort();
  await assert.rejects(second, /abort/);
  first.leave();
  assert.equal((await third).answer.choices[0]!.message!.content, "abab");

  const last = await begun();
  let text = await last.read();
  const closed = endless.close();
  for (let piece = text; piece !== ""; text += piece) piece = await last.read();
  assert.match(text, /the server is being stopped/);
  assert.doesNotMatch(text, /DONE/);
  await closed;
  await assert.rejects(fetch(`${endless.url}/models`));
});

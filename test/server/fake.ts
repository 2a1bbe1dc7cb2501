// A server on the loopback that a test scripts: good answers, and every way of not giving one.
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Rng } from "../../lib/base/rng";
import { ServerClient, type ServerOptions } from "../../lib/server/client";
import type { Message } from "../../lib/text/message";

/** What a test looks at of a request. */
export interface Seen {
  path: string;
  authorization?: string;
  at: number;
  body: {
    model: string;
    seed: number;
    temperature: number;
    max_tokens: number;
    top_k?: number;
    top_p?: number;
    prompt?: string;
    messages?: Message[];
    logprobs?: unknown;
    [extra: string]: unknown;
  };
}
/** @param n how many requests came before */
export type Answer = (response: ServerResponse, seen: Seen, n: number) => void;

export interface FakeServer {
  url: string;
  seen: Seen[];
}

export async function fakeServer(t: TestContext, answer: Answer): Promise<FakeServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    response.on("error", () => undefined);
    const chunks: Buffer[] = [];
    request
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .on("end", () => {
        const entry: Seen = {
          path: request.url!,
          authorization: request.headers.authorization,
          at: performance.now(),
          body: JSON.parse(Buffer.concat(chunks).toString()) as Seen["body"],
        };
        seen.push(entry);
        answer(response, entry, seen.length - 1);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}

/** A client that loses no time. */
export function clientFor(server: FakeServer, options: Partial<ServerOptions> = {}, apiKey?: string): ServerClient {
  return new ServerClient(
    {
      url: server.url,
      model: "m",
      concurrency: 4,
      retries: 3,
      timeoutMs: 30_000, // a busy machine answers late
      seed: 1,
      backoffMs: 1,
      maxBytes: 1 << 16,
      ...options,
    },
    apiKey,
  );
}

export function send(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(typeof body === "string" ? body : JSON.stringify(body));
}

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
/** The answer of a chat or text endpoint, as it was asked for. */
export function completion({ body }: Seen, text: string): object {
  const choice = body.messages ? { message: { role: "assistant", content: text } } : { text };
  return { id: "x", object: "y", choices: [{ index: 0, finish_reason: "stop", ...choice }], usage };
}

export const good =
  (text: (seen: Seen) => string): Answer =>
  (response, seen) =>
    send(response, completion(seen, text(seen)));

/** Every fault that passes; a client must get over each. */
export const faults: Record<string, (response: ServerResponse, seen: Seen) => void> = {
  "no answer": () => undefined,
  "an answer that never ends": (response) => {
    const drip = setInterval(() => response.write(" "), 50);
    response.on("close", () => clearInterval(drip));
    response.writeHead(200).write("{");
  },
  "429 without a time": (response) => send(response, { error: "slow down" }, 429),
  "429 with a time": (response) => send(response, "", 429, { "retry-after": "0.1" }),
  "500": (response) => send(response, "<html>Internal Server Error</html>", 500),
  "503": (response) => send(response, "", 503, { "retry-after": "soon" }),
  "connection reset": (response) => void response.socket!.resetAndDestroy(),
  "connection closed": (response) => void response.destroy(),
  "a body cut short": (response, seen) => {
    const text = JSON.stringify(completion(seen, "cut"));
    response.writeHead(200, { "content-length": String(text.length) }).write(text.slice(0, -5));
    setTimeout(() => response.destroy(), 20);
  },
  "a stream cut short": (response, seen) => {
    response
      .writeHead(200, { "transfer-encoding": "chunked" })
      .write(JSON.stringify(completion(seen, "cut")).slice(0, 30));
    setTimeout(() => response.destroy(), 20);
  },
  "a stream that ends early": (response, seen) =>
    void response.writeHead(200).end(JSON.stringify(completion(seen, "cut")).slice(0, 40)),
  garbage: (response) => void response.writeHead(200).end(Buffer.from([0, 255, 254, 1, 200, 10])),
  nothing: (response) => send(response, ""),
  "a page": (response) => send(response, "<!doctype html><p>Welcome to nginx"),
  "another object": (response) => send(response, { ok: true }),
  null: (response) => send(response, "null"),
  "deep nesting": (response) => send(response, "[".repeat(30_000) + "]".repeat(30_000)),
  "no choice": (response, seen) => send(response, { ...completion(seen, "x"), choices: [] }),
  "two choices": (response, seen) => {
    const one = completion(seen, "x") as { choices: unknown[] };
    send(response, { ...one, choices: [...one.choices, ...one.choices] });
  },
  "no text": (response) =>
    send(response, { choices: [{ message: { content: null }, text: 7, finish_reason: "stop" }] }),
  "a negative token count": (response, seen) =>
    send(response, { ...completion(seen, "x"), usage: { prompt_tokens: -1, completion_tokens: 1e99 } }),
  "an aborted completion": (response) =>
    send(response, { choices: [{ message: { content: "half" }, text: "half", finish_reason: "abort" }] }),
  "a huge body": (response) => {
    const block = Buffer.alloc(1 << 16, 32);
    const more = (): void => {
      while (!response.destroyed && response.write(block));
    };
    response.writeHead(200).on("drain", more);
    more();
  },
};

export function assertNear(ms: number, from: number, to: number): void {
  assert.ok(ms >= from && ms <= to, `expected ${from} to ${to} ms, got ${ms}`);
}

/**
 * Answers ANAH-v2's three turns: of the sentences, named by the first, a tenth states no fact, the others are right,
 * wrong or unknown.
 */
export function anahReply({ body }: Seen): string {
  const draw = new Rng(body.messages![0]!.content).next();
  const turn = body.messages!.length;
  if (turn === 1) return draw < 0.1 ? "<No Facts>" : "<Facts Present>";
  return turn === 3
    ? "It is a capital."
    : draw < 0.55
      ? "<No Hallucination>"
      : draw < 0.9
        ? "<Contradictory>"
        : "<Unverifiable>";
}

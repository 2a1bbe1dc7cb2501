// A server of the tiny model, or another, that ends with its test; and a client that shows what it answers.
import assert from "node:assert/strict";
import path from "node:path";
import type { TestContext } from "node:test";
import { startServing, type ServeRequest } from "../../../lib/steps/serve/serve";
import { tinyModel } from "../../cli/data";

export const token = "the-token-of-the-test";
export const model = path.basename(tinyModel);

interface Choice {
  index: number;
  text?: string;
  message?: { content: string };
  delta?: { role?: string; content?: string };
  finish_reason: string | null;
}
export interface Answer {
  model?: string;
  choices: Choice[];
  usage: Record<"prompt_tokens" | "completion_tokens" | "total_tokens", number>;
  data: { id: string; embedding: number[] | string }[];
  error: { message: string; type: string; param: string | null; code: string | null };
}
interface Got {
  status: number;
  headers: Headers;
  answer: Answer;
}

export async function serving(t: TestContext, more: Partial<ServeRequest> = {}) {
  const server = await startServing({ model: tinyModel, host: "127.0.0.1", port: 0, token, ...more });
  t.after(() => server.close());
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const send = (at: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
    fetch(server.url + at, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
    });
  const post = async (at: string, body: unknown, init?: RequestInit): Promise<Got> => {
    const response = await send(at, body, init);
    return { status: response.status, headers: response.headers, answer: (await response.json()) as Answer };
  };
  const stream = async (at: string, body: object): Promise<Answer[]> => {
    const text = await (await send(at, { ...body, stream: true })).text();
    const events = text.split("\n\n").filter(Boolean);
    assert.equal(events.pop(), "data: [DONE]");
    return events.map((event) => JSON.parse(event.replace(/^data: /, "")) as Answer);
  };
  return { ...server, headers, send, post, stream };
}

export const chat = { model, messages: [{ role: "user", content: "Where does Brno lie?" }], seed: 7, max_tokens: 24 };

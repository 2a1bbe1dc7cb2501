/**
 * The HTTP side of `mask-dpo serve`: who may ask, how much may be sent, and JSON in both directions. No header lets
 * pages of other origins read an answer. A page could still send what needs no leave (a form), and one whose name is
 * made to mean this machine (DNS rebinding) is of no other origin: bodies must call themselves JSON, which forms
 * cannot, and a server on the loopback answers to the loopback's names only.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isLoopback } from "../../server/loopback";
import { ApiError, apiErrorOf } from "./apiError";

/** Of a request's body, in bytes. */
export const mostBytes = 1 << 21;

/** What is asked for, and how it is answered: by what a handler returns, as JSON, or by events it sends. */
export interface Exchange {
  /** The JSON that was sent; undefined of a GET. */
  body: unknown;
  /** Aborted when the client is gone, or the server ends. */
  signal: AbortSignal;
  /** Sends one event; the first one begins a stream, which the end of the handler ends. */
  event: (data: object) => void;
}

/** @returns the answer, where it is no stream @throws ApiError */
export type Handler = (exchange: Exchange) => Promise<object | void> | object;

export interface Door {
  /** That every request must bring; none where everybody may ask. */
  token?: string;
  /** Whether it is open to this machine only. */
  loopback: boolean;
  /** By "POST /v1/completions". */
  handlers: Readonly<Record<string, Handler>>;
  /** Aborted when the server ends. */
  ended: AbortSignal;
}

export function createListener(door: Door): Server {
  return createServer((request, response) => void answer(door, request, response));
}

async function answer(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new Error("the client is gone")));
  response.on("error", () => undefined); // of a client that is gone
  try {
    checkHost(door, request);
    checkToken(door, request);
    const handler = handlerFor(door, request);
    const exchange: Exchange = {
      body: request.method === "POST" ? await bodyOf(request) : undefined,
      signal: AbortSignal.any([gone.signal, door.ended]),
      event: (data) => sendEvent(response, JSON.stringify(data)),
    };
    const result = await handler(exchange);
    if (response.headersSent) {
      sendEvent(response, "[DONE]");
      response.end();
    } else send(response, 200, result ?? {});
  } catch (error) {
    if (!gone.signal.aborted) fail(response, error);
  }
}

/** An error as OpenAI's JSON, or where a stream has begun as its last event. */
function fail(response: ServerResponse, error: unknown): void {
  const refusal = apiErrorOf(error);
  if (refusal.status === 500) process.stderr.write(`serve: ${(error as Error).stack ?? String(error)}\n`);
  if (!response.headersSent) return send(response, refusal.status, refusal.body, refusal.details.headers);
  sendEvent(response, JSON.stringify(refusal.body));
  response.end();
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...always, ...headers })
    .end(JSON.stringify(body));
}

function sendEvent(response: ServerResponse, data: string): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...always });
  response.write(`data: ${data}\n\n`);
}

const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function checkHost({ loopback }: Door, { headers: { host = "" } }: IncomingMessage): void {
  if (!loopback) return; // it has a token, which a page of somebody else's has not
  const url = `http://${host}`;
  if (URL.canParse(url) && isLoopback(new URL(url).hostname)) return;
  throw new ApiError(403, "the Host header names another machine than this one", { code: "wrong_host" });
}

function checkToken({ token }: Door, { headers: { authorization = "" } }: IncomingMessage): void {
  if (token === undefined) return;
  const [, given] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest(); // of one length, whatever is given
  if (given !== undefined && timingSafeEqual(hash(given), hash(token))) return;
  throw new ApiError(401, given === undefined ? "expected Authorization: Bearer <token>" : "the token is another one", {
    code: "invalid_api_key",
    headers: { "www-authenticate": "Bearer" },
  });
}

function handlerFor({ handlers }: Door, { method = "", url = "" }: IncomingMessage): Handler {
  const path = url.split("?")[0]!.replace(/(?<=.)\/$/, "");
  const handler = Object.hasOwn(handlers, `${method} ${path}`) ? handlers[`${method} ${path}`] : undefined;
  if (handler) return handler;
  const methods = Object.keys(handlers).flatMap((key) => (key.endsWith(` ${path}`) ? key.split(" ")[0]! : []));
  if (methods.length > 0) throw new ApiError(405, `expected ${methods.join()}`, { headers: { allow: methods.join() } });
  throw new ApiError(404, `expected one of ${Object.keys(handlers).join(", ")}`, { code: "not_found" });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json *(?:;|$)/i.test(type)) throw new ApiError(415, "expected content-type: application/json");
  const bytes = await bytesOf(request);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (error) {
    throw new ApiError(400, `the body is no JSON: ${(error as Error).message}`, { code: "invalid_json" });
  }
}

/** @throws ApiError 413 as soon as there are too many; what still comes is dropped */
function bytesOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= mostBytes) return void chunks.push(chunk);
      request.off("data", take).resume();
      reject(new ApiError(413, `expected a body of at most ${mostBytes} bytes`, { headers: { connection: "close" } }));
    };
    request
      .on("data", take)
      .on("end", () => resolve(Buffer.concat(chunks)))
      .on("error", reject);
  });
}

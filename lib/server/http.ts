/**
 * One POST of JSON, with limits: the whole exchange ends within a time, the body within a size. A failure says whether
 * trying again can help (the network, a busy or failing server, an answer that is no JSON) and how long the server asks
 * to wait.
 */
import { brief } from "../base/check";
import { routeTo } from "./proxy";

/** A request that gave no answer. */
export class RequestFailed extends Error {
  override name = "RequestFailed";
  /**
   * @param kind `again`: the same request may succeed; `refused`: this one never will; `closed`: no request will
   * @param waitMs what the server asks for (Retry-After)
   * @param said what it answered, whole
   */
  constructor(
    message: string,
    readonly kind: "again" | "refused" | "closed",
    readonly waitMs = 0,
    readonly said = "",
  ) {
    super(message);
  }
}

export interface PostOptions {
  timeoutMs: number;
  maxBytes: number;
  /** Sent as a bearer token; never part of a message. */
  apiKey?: string;
  /** Ends the exchange. */
  signal: AbortSignal;
}

/** The answer's JSON. @throws RequestFailed */
export async function postJson(
  url: string,
  body: unknown,
  { timeoutMs, maxBytes, apiKey, signal }: PostOptions,
): Promise<unknown> {
  const { send, proxy } = await routeTo(url);
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.any([timeout, signal]),
      redirect: "manual", // the key goes to the server that was named and to no other
      headers: { "content-type": "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    });
    const text = await boundedText(response, maxBytes);
    if (!response.ok) throw statusError(response, apiKey ? text.replaceAll(apiKey, "***") : text);
    return parsed(text);
  } catch (error) {
    if (error instanceof RequestFailed) throw error;
    if (timeout.aborted) throw new RequestFailed(`no answer within ${timeoutMs / 1000} s`, "again");
    if (signal.aborted) throw new RequestFailed("given up", "closed");
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    const by = proxy === undefined ? "" : `, through the proxy ${proxy}`;
    throw new RequestFailed(`${cause?.code ?? cause?.message ?? message}${by}`, "again");
  }
}

/** Reads no more than `maxBytes`, whatever the server announces. */
async function boundedText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  const reader = body?.getReader();
  for (let size = 0; reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      void reader.cancel().catch(() => undefined); // ends the connection
      throw new RequestFailed(`an answer of more than ${maxBytes} bytes`, "again");
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestFailed(`no JSON: ${brief(text, 60)}`, "again");
  }
}

function statusError({ status, headers }: Response, text: string): RequestFailed {
  const said = `HTTP ${status}${text ? `: ${brief(text.slice(0, 300), 200)}` : ""}`;
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500)
    return new RequestFailed(said, "again", retryAfterMs(headers.get("retry-after")));
  return new RequestFailed(said, status === 400 || status === 413 || status === 422 ? "refused" : "closed", 0, text);
}

/** Milliseconds of a Retry-After header, which gives seconds or a date; 0 without one, or for nonsense. */
export function retryAfterMs(header: string | null, now = Date.now()): number {
  if (header === null) return 0;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(header) ? 1000 * Number(header) : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/**
 * A client of an OpenAI-compatible server (vLLM, SGLang, LMDeploy, llama.cpp, `transformers serve`, hosted ones).
 *
 * A request that fails in a way that may pass (`RequestFailed`) is sent again, up to `retries` times, after
 * base * 2^attempt, at most a minute, times a seeded jitter in [1/2, 1); Retry-After, if longer, holds back all
 * requests.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../base/check";
import { notice } from "../base/notice";
import { Rng } from "../base/rng";
import { adaptationFor, adaptationText, adapted, type Adaptation } from "./adapt";
import { postJson, RequestFailed } from "./http";
import { Pace } from "./pace";
import { answerLimit, replyOf, requestOf, type Ask, type Reply } from "./wire";

export interface ServerOptions {
  /** Up to and with the version, e.g. http://127.0.0.1:8000/v1 */
  url: string;
  model: string;
  /** Requests under way at a time. */
  concurrency: number;
  requestsPerMinute?: number;
  retries: number;
  /** Of one request; Node itself gives up after 300 s without an answer. */
  timeoutMs: number;
  /** Added to every request, for what only some servers know; a null leaves its key out. */
  extra?: Readonly<Record<string, unknown>>;
  /** Of the jitter. */
  seed: number;
  /** First wait before a retry. */
  backoffMs?: number;
  /** Largest answer read (default: what the token limit allows). */
  maxBytes?: number;
}

/** One request and how its answer is read. */
export interface Exchange<T extends object> {
  /** Behind the address. */
  path: string;
  body: Record<string, unknown>;
  /** What is asked for, in an error. */
  expected: string;
  /** What an answer holds, or what is wrong with it. */
  read: (answer: unknown) => T | { wrong: string };
}

/** A server asking for more than this is not waited for. */
const longestWaitMs = 600_000;
const longestBackoffMs = 60_000;

/** An ask that got no reply; `closed` when no other will get one either. */
export class NoReply extends UserError {
  constructor(
    parts: UserError["parts"],
    readonly closed: boolean,
  ) {
    super(parts);
  }
}

export class ServerClient {
  private readonly base: string;
  private readonly pace: Pace;
  private readonly ended = new AbortController();
  private adaptations: readonly Adaptation[] = [];

  /** @param apiKey sent as a bearer token @throws UserError for a bad address or key */
  constructor(
    readonly options: ServerOptions,
    private readonly apiKey?: string,
  ) {
    this.base = checkedUrl(options.url);
    this.pace = new Pace(options.concurrency, options.requestsPerMinute);
    checkKey(apiKey);
  }

  /** @throws NoReply */
  ask(ask: Ask): Promise<Reply> {
    const { model, extra } = this.options;
    return this.post({
      ...requestOf(model, ask, extra),
      expected: "a completion",
      read: (answer) => replyOf(ask, answer),
    });
  }

  /** @throws NoReply */
  post<T extends object>(exchange: Exchange<T>): Promise<T> {
    return this.pace.run(() => this.retrying(exchange));
  }

  /** What the server refused of a request and is sent otherwise: `seed is not sent`. */
  get changes(): string[] {
    return this.adaptations.map(adaptationText);
  }

  /** Ends requests under way and refuses new ones. */
  close(): void {
    this.ended.abort();
  }

  private async retrying<T extends object>(exchange: Exchange<T>): Promise<T> {
    const { retries, backoffMs = 500, extra, seed } = this.options;
    const { body } = exchange;
    const rng = new Rng(seed).fork("retry").fork(JSON.stringify(body));
    let tried = this.adaptations;
    for (let attempt = 0; ;) {
      try {
        const reply = await this.once({ ...exchange, body: adapted(body, tried) });
        if (tried.length > this.adaptations.length) this.adaptations = tried; // it is sent so from then on
        return reply;
      } catch (error) {
        if (!(error instanceof RequestFailed)) throw error;
        const adaptation = error.kind === "refused" && adaptationFor(error.said, adapted(body, tried), extra);
        if (adaptation) {
          tried = [...tried, adaptation];
          continue;
        }
        if (error.kind !== "again" || attempt >= retries || error.waitMs > longestWaitMs)
          throw this.noReply(error, attempt + 1, exchange.expected);
        // the first time, or a server that is not there would be asked for minutes without a word
        if (attempt === 0) notice(`${this.base}: ${error.message}; asking again, up to ${retries} times`);
        this.pace.hold(error.waitMs);
        const backoff = Math.min(longestBackoffMs, backoffMs * 2 ** attempt++) * (0.5 + 0.5 * rng.next());
        await sleep(backoff, undefined, { signal: this.ended.signal }).catch(() => undefined);
      }
    }
  }

  private async once<T extends object>({ path, body, read }: Exchange<T>): Promise<T> {
    const { timeoutMs, maxBytes = answerLimit(body) } = this.options;
    const { signal } = this.ended;
    await this.pace.turn(signal).catch(() => undefined);
    if (signal.aborted) throw new RequestFailed("given up", "closed");
    const reply = read(await postJson(this.base + path, body, { timeoutMs, maxBytes, apiKey: this.apiKey, signal }));
    if ("wrong" in reply) throw new RequestFailed(`an answer of another form (${reply.wrong})`, "again");
    return reply;
  }

  /** The error for a reply without text. */
  silence({ silent, completionTokens }: Reply): NoReply {
    const tokens = completionTokens > 0 ? ` (${completionTokens} tokens)` : "";
    return new NoReply(
      {
        where: this.base,
        expected: "a completion",
        got: `${silent}${tokens}`,
        fix:
          "If the model thinks first, raise --max-new-tokens, or switch thinking off if the server can, e.g. with " +
          `--extra '{"chat_template_kwargs":{"enable_thinking":false}}'.`,
      },
      false,
    );
  }

  private noReply({ message, kind, waitMs }: RequestFailed, tries: number, expected: string): NoReply {
    let fix = `Check address, model name and ${apiKeyVariable}, then run the same command again.`;
    if (kind === "refused")
      fix =
        "Check prompt length and options against what this server accepts: " +
        `--extra '{"key":null}' leaves a key out, --top-k 0 top_k.`;
    if (waitMs > longestWaitMs) fix = `The server asks to wait ${Math.round(waitMs / 1000)} s.`;
    return new NoReply(
      {
        where: this.base,
        expected,
        got: `${message}${tries > 1 ? `, after ${tries} tries` : ""}`,
        fix,
      },
      kind === "closed",
    );
  }
}

/** The only place a key comes from. */
export const apiKeyVariable = "MASK_DPO_API_KEY";

/** @returns the key @throws UserError for one that no header can hold */
export function checkKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new UserError({
    where: apiKeyVariable,
    expected: "a key of visible ASCII characters",
    got: "others",
    fix: "Check the variable; it is not shown here.",
  });
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new UserError({
      where: "--server",
      expected: "an address like http://127.0.0.1:8000/v1, without name, password or query",
      got: url?.username || url?.search ? "one with them" : JSON.stringify(text),
      fix: `Give a key in ${apiKeyVariable}.`,
    });
  }
  return url.href.replace(/\/+$/, "");
}

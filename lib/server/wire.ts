/**
 * What is said to an OpenAI-compatible server and what it may answer: `/chat/completions` for messages, `/completions`
 * for a text. One choice per request, which every server can give, each with its own seed.
 * `top_k` is not OpenAI's but known to vLLM, SGLang, LMDeploy and llama.cpp; it is sent only where it is on.
 */
import { z } from "zod";
import type { SamplingOptions } from "../model/generate";
import { brief } from "../base/check";
import type { Message } from "../text/message";
import { wellFormed } from "../text/utf8";

export interface Ask {
  prompt: readonly Message[] | string;
  sampling: SamplingOptions;
  seed: number;
  logprobs?: boolean;
}

/** The tokens of a completion as the server cut them, and their log-probabilities. */
export const tokenLogprobsSchema = z.object({ tokens: z.array(z.string()), logprobs: z.array(z.number()) }).strict();
export type TokenLogprobs = z.infer<typeof tokenLogprobsSchema>;

export interface Reply {
  text: string;
  /** "stop", "length", or what else the server says; "" where it does not say. */
  finish: string;
  /** 0 where the server does not say. */
  promptTokens: number;
  completionTokens: number;
  logprobs?: TokenLogprobs;
  /** Why there is no text, where the model did not mean to say nothing: the same request would give none again. */
  silent?: string;
}

/** What servers call an answer that the model itself ended; "" where they do not say. */
const ends = new Set(["", "stop", "stop_sequence", "eos", "eos_token", "end_turn"]);

/** Whether the model ended its answer: not where a limit (`length`) or a filter (`content_filter`) did. */
export function isFinished({ finish }: Pick<Reply, "finish">): boolean {
  return ends.has(finish);
}

/** The body of a request, and where it goes. @param extra more of the body; a null leaves its key out */
export function requestOf(
  model: string,
  { prompt, sampling, seed, logprobs }: Ask,
  extra: Readonly<Record<string, unknown>> = {},
): { path: string; body: Record<string, unknown> } {
  const { temperature, topK, topP, maxNewTokens } = sampling;
  const text = typeof prompt === "string";
  const body: Record<string, unknown> = {
    model,
    max_tokens: maxNewTokens,
    temperature,
    ...(topP < 1 && { top_p: topP }),
    ...(topK > 0 && { top_k: topK }),
    seed,
    ...(text ? { prompt } : { messages: prompt }),
    ...(logprobs && { logprobs: text ? 1 : true }),
    ...extra,
  };
  const sent = Object.entries(body).filter(([, value]) => value !== null);
  return { path: text ? "/completions" : "/chat/completions", body: Object.fromEntries(sent) };
}

const mostBytes = 1 << 24;

/**
 * No answer to such a request is larger, in bytes: a token's text, escaped, and what servers say of it and of the
 * prompt's.
 */
export function answerLimit(body: Readonly<Record<string, unknown>>): number {
  const limits = [body["max_tokens"], body["max_completion_tokens"]].filter((n) => typeof n === "number");
  if (limits.length === 0) return mostBytes;
  const perToken = body["logprobs"] ? 4096 : 512;
  const prompt = JSON.stringify(body).length;
  return Math.min(mostBytes, 65_536 + Math.max(...limits) * perToken + 64 * prompt);
}

const count = z.number().int().nonnegative();
const finish = z
  .string()
  .nullish()
  .refine((reason) => reason !== "abort" && reason !== "error", "the server gave up");
const shared = { usage: z.object({ prompt_tokens: count.nullish(), completion_tokens: count.nullish() }).nullish() };
/** Of a content that is a list: Mistral's reasoning models answer with thoughts and texts. */
const part = z.object({ type: z.string(), text: z.string().nullish() });
const chatSchema = z.object({
  ...shared,
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([z.string(), z.array(z.union([z.string(), part]))]).nullish(),
          reasoning_content: z.unknown(),
          reasoning: z.unknown(),
        }),
        finish_reason: finish,
        logprobs: z
          .object({ content: z.array(z.object({ token: z.string(), logprob: z.number() })).nullish() })
          .nullish(),
      }),
    )
    .length(1),
});
const textSchema = z.object({
  ...shared,
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: finish,
        logprobs: z
          .object({ tokens: z.array(z.string()).nullish(), token_logprobs: z.array(z.number()).nullish() })
          .nullish(),
      }),
    )
    .length(1),
});

/** The reply in an answer's JSON, or what is wrong with it. */
export function replyOf(ask: Ask, answer: unknown): Reply | { wrong: string } {
  const chat = typeof ask.prompt !== "string";
  const result = (chat ? chatSchema : textSchema).safeParse(answer);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    return { wrong: `${path.join(".") || "the whole"}: ${message}` };
  }
  const {
    choices: [choice],
    usage,
  } = result.data;
  const logprobs = ask.logprobs ? logprobsOf(choice!) : undefined;
  const finish = choice!.finish_reason ?? "";
  const text = wellFormed("text" in choice! ? choice.text : contentOf(choice!.message));
  const message = "text" in choice! || text.trim() !== "" ? undefined : choice!.message;
  const silent = message && silence(message, finish);
  if (message && (message.content ?? null) === null && silent === undefined && finish !== "content_filter")
    return { wrong: "choices.0.message.content: none" };
  return {
    text,
    finish,
    ...(silent !== undefined && { silent }),
    promptTokens: usage?.prompt_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
    ...(logprobs && { logprobs }),
  };
}

type ChatMessage = z.infer<typeof chatSchema>["choices"][number]["message"];

function contentOf({ content }: ChatMessage): string {
  if (!Array.isArray(content)) return content ?? "";
  return content
    .map((one) => (typeof one === "string" ? one : /^(?:output_)?text$/.test(one.type) ? (one.text ?? "") : ""))
    .join("");
}

/** Whether the model wrote what servers with a reasoning parser take out of the content. */
function thought({ content, reasoning_content, reasoning }: ChatMessage): boolean {
  return Boolean(reasoning_content) || Boolean(reasoning) || (Array.isArray(content) && content.length > 0);
}

/** Why a message has no text; undefined where it was meant to have none, or a filter took it. */
function silence(message: ChatMessage, finish: string): string | undefined {
  const ended = finish === "" ? "" : `, ended by ${brief(finish, 40)}`;
  if (thought(message)) return `no text but reasoning${ended}`;
  return finish === "length" ? `no text${ended}` : undefined;
}

type Choice = z.infer<typeof chatSchema | typeof textSchema>["choices"][number];

function logprobsOf(choice: Choice): TokenLogprobs | undefined {
  if (!("text" in choice)) {
    const content = choice.logprobs?.content;
    return content
      ? { tokens: content.map(({ token }) => token), logprobs: content.map(({ logprob }) => logprob) }
      : undefined;
  }
  const { tokens, token_logprobs: logprobs } = choice.logprobs ?? {};
  return tokens && logprobs && tokens.length === logprobs.length ? { tokens, logprobs } : undefined;
}

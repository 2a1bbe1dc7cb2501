/**
 * What is said to an OpenAI-compatible server and what it may answer: `/chat/completions` for messages, `/completions`
 * for a text. One choice per request, which every server can give, each with its own seed.
 * `top_k` is not OpenAI's but known to vLLM, SGLang, LMDeploy and llama.cpp; it is sent only where it is on.
 */
import { z } from "zod";
import type { SamplingOptions } from "../model/generate";
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
}

/** What servers call an answer that the model itself ended; "" where they do not say. */
const ends = new Set(["", "stop", "stop_sequence", "eos", "eos_token", "end_turn"]);

/** Whether the model ended its answer: not where a limit (`length`) or a filter (`content_filter`) did. */
export function isFinished({ finish }: Pick<Reply, "finish">): boolean {
  return ends.has(finish);
}

export function requestOf(
  model: string,
  { prompt, sampling, seed, logprobs }: Ask,
  extra: Readonly<Record<string, unknown>> = {},
): { path: string; body: object } {
  const { temperature, topK, topP, maxNewTokens } = sampling;
  const shared = {
    model,
    max_tokens: maxNewTokens,
    temperature,
    ...(topP < 1 && { top_p: topP }),
    ...(topK > 0 && { top_k: topK }),
    seed,
  };
  return typeof prompt === "string"
    ? { path: "/completions", body: { ...shared, prompt, ...(logprobs && { logprobs: 1 }), ...extra } }
    : {
        path: "/chat/completions",
        body: { ...shared, messages: prompt, ...(logprobs && { logprobs: true }), ...extra },
      };
}

const count = z.number().int().nonnegative();
const finish = z
  .string()
  .nullish()
  .refine((reason) => reason !== "abort" && reason !== "error", "the server gave up");
const shared = { usage: z.object({ prompt_tokens: count.nullish(), completion_tokens: count.nullish() }).nullish() };
const chatSchema = z.object({
  ...shared,
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string() }),
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
  return {
    text: wellFormed("text" in choice! ? choice.text : choice!.message.content),
    finish: choice!.finish_reason ?? "",
    promptTokens: usage?.prompt_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
    ...(logprobs && { logprobs }),
  };
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

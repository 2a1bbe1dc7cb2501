/** Completions of prompts by the policy that is served: what both endpoints of completions compute. */
import { randomInt } from "node:crypto";
import { Rng } from "../../base/rng";
import { generate, type SamplingOptions } from "../../model/generate";
import type { Policy } from "../../model/policy";
import { ApiError } from "./apiError";
import type { Inputs, TextRequest } from "./request";
import { Writing } from "./writing";

/** Prompts that were found to have room for an answer, and how each is answered. */
export interface Asked {
  prompts: number[][];
  /** Completions of each. */
  n: number;
  sampling: SamplingOptions;
  stops: readonly string[];
  seed: number;
}

/** Of the choice p n + i, which is the i-th completion of prompt p. */
export interface Choice {
  text: string;
  /** `length`: by the token limit, or where the model has no more positions. */
  finish: "stop" | "length";
  /** Sampled, with the end token. */
  tokens: number;
}

type Limits = Pick<TextRequest, "temperature" | "top_p" | "top_k" | "n" | "stop" | "seed">;

/**
 * @param maxNewTokens of each completion, or as many as the model has positions for
 * @throws ApiError 400 for a prompt that leaves no position for an answer
 */
export function askedOf(
  { model: { config } }: Policy,
  prompts: number[][],
  { temperature, top_p: topP, top_k: topK, n, stop, seed = randomInt(2 ** 31) }: Limits,
  maxNewTokens = Infinity,
): Asked {
  checkLengths(prompts, config.maxPositions - 1);
  const room = config.maxPositions - Math.min(...prompts.map(({ length }) => length));
  const sampling = { temperature, topK: Math.max(0, topK), topP, maxNewTokens: Math.min(maxNewTokens, room) };
  return { prompts, n, sampling, stops: stop, seed };
}

/** @throws ApiError 400 for a text of fewer tokens than one or more than the most */
export function checkLengths(texts: readonly (readonly number[])[], most: number): void {
  const wrong = texts.find(({ length }) => length < 1 || length > most);
  if (!wrong) return;
  throw new ApiError(400, `expected 1 to ${most} tokens, by the model's positions, got ${wrong.length}`, {
    code: wrong.length > most ? "context_length_exceeded" : "invalid_value",
  });
}

/**
 * Tokens of texts as the tokenizer makes them: behind what it puts before every text. Ids are taken as they are.
 * @throws ApiError 400 for ids that are none of the tokenizer's
 */
export function idsOf({ tokenizer, model: { config } }: Policy, inputs: Inputs): number[][] {
  const known = Math.min(tokenizer.vocabSize, config.vocabSize);
  return inputs.map((input) => {
    if (typeof input === "string") return [...tokenizer.opening, ...tokenizer.encode(input).ids];
    const other = input.find((id) => id >= known);
    if (other !== undefined) throw new ApiError(400, `expected token ids below ${known}, got ${other}`);
    return input;
  });
}

/**
 * All choices, in order.
 * @param signal ends them at the next token
 * @param said hears the texts while they are written
 * @throws the signal's reason
 */
export async function complete(
  { model, params, tokenizer }: Policy,
  { prompts, n, sampling, stops, seed }: Asked,
  signal: AbortSignal,
  said: (choice: number, piece: string) => void,
): Promise<Choice[]> {
  const decode = (ids: readonly number[]): string => tokenizer.decode(ids);
  const writings = Array.from({ length: prompts.length * n }, (_, i) => new Writing(decode, stops, (p) => said(i, p)));
  const requests = prompts.map((promptIds, p) => ({
    promptIds,
    streams: Array.from({ length: n }, (_, i) => new Rng(seed).fork(p).fork(i)),
    watches: Array.from({ length: n }, (_, i) => (ids: readonly number[]) => {
      return signal.aborted || writings[p * n + i]!.add(ids);
    }),
  }));
  const choices: Choice[] = [];
  for await (const { request, completions } of generate(model.config, params, requests, sampling, tokenizer)) {
    signal.throwIfAborted();
    completions.forEach(({ ids, finished }, i) => {
      const writing = writings[request * n + i]!;
      writing.end(ids);
      choices[request * n + i] = {
        text: writing.text,
        finish: finished || writing.stopped ? "stop" : "length",
        tokens: ids.length + (finished ? 1 : 0),
      };
    });
  }
  return choices;
}

/**
 * What a policy goes on with where an answer has begun: the tokens of what stands there, and K ways to go on. A stream
 * is named by seed, name and index, as a candidate's.
 */
import { Rng } from "../base/rng";
import { generate, type SamplingOptions } from "../model/generate";
import type { Policy } from "../model/policy";
import { encodeAnswer } from "../text/answer";
import type { Message } from "../text/message";
import { promptIds } from "../text/prompt";

/** An answer that has begun. */
export interface Begun {
  /** names its streams: another name for every one */
  name: string;
  prompt: readonly Message[];
  /** "" where nothing is said yet */
  begun: string;
}

/**
 * Texts that follow what was begun, [starts][k]; a start that leaves no position of the model for more has "" for each.
 * @param ended whether a text is long enough, asked after each of its tokens
 */
export async function continuations(
  { model, params, tokenizer }: Policy,
  starts: readonly Begun[],
  k: number,
  sampling: SamplingOptions,
  seed: number,
  ended: (text: string) => boolean = () => false,
): Promise<string[][]> {
  const root = new Rng(seed).fork("continue");
  const out = starts.map(() => new Array<string>(k).fill(""));
  const requests = starts.flatMap(({ name, prompt, begun }, start) => {
    const answer = encodeAnswer(tokenizer, prompt, begun);
    const ids = [...(answer.promptIds ?? promptIds(tokenizer, prompt)), ...answer.ids];
    if (ids.length >= model.config.maxPositions) return [];
    const indices = Array.from({ length: k }, (_, i) => i);
    const watches = indices.map(() => (own: readonly number[]) => ended(tokenizer.decode(own)));
    return [{ start, promptIds: ids, streams: indices.map((i) => root.fork(name).fork(i)), watches }];
  });
  for await (const { request, completions } of generate(model.config, params, requests, sampling, tokenizer))
    out[requests[request]!.start] = completions.map(({ ids }) => tokenizer.decode(ids));
  return out;
}

/**
 * A language model that is asked for judgements. Every reply is kept on disk under the hash of all that determines it
 * (model, messages, sampling, seed), so that nothing is ever paid for twice, and a killed run goes on where it was.
 *
 * What a model thinks before it answers is no part of a reply, and a thought that is not closed is none. Replies are
 * parsed strictly. The first try is greedy; a reply that says none or several of the things it may say is asked for
 * again at temperature 0.7 with another seed, since a greedy one would only be repeated.
 */
import { z } from "zod";
import { UserError } from "../../base/check";
import { hashOf } from "../../base/hash";
import type { ShardedLog } from "../../base/shardedLog";
import { greedySampling } from "../../model/generate";
import type { ServerClient } from "../../server/client";
import type { Ask } from "../../server/wire";
import type { Message } from "../../text/message";
import { withoutThought } from "../../text/thought";

const count = z.number().int().nonnegative();
export const callSchema = z
  .object({ key: z.string(), text: z.string(), promptTokens: count, completionTokens: count })
  .strict();
export type Call = z.infer<typeof callSchema>;

/** Names of the shards' files in a cache folder. */
export const callLog = "calls";

/** What became of the asks of this process: a call is a request that reached the server. */
export interface JudgeCounts {
  calls: number;
  cached: number;
  /** Replies that could not be parsed, and asks given up after the last of them. */
  unparsed: number;
  gaveUp: number;
}

export interface JudgeOptions {
  seed: number;
  /** Replies asked for until one can be parsed. */
  tries: number;
  /** Longest reply, in tokens. */
  replyTokens?: number;
}

const retryTemperature = 0.7;
/** LMDeploy's default, with which ANAH-v2 runs. */
export const defaultReplyTokens = 512;
/** So many asks given up, and none that was not: the rest would be paid for in vain. */
const mostInVain = 20;

/** The error for a run in which no reply was of use. */
export function nothingParsed(asks: number): UserError {
  return new UserError({
    where: "annotate",
    expected: "replies that follow the annotator's protocol",
    got: `none in ${asks} asks`,
    fix:
      "Look at the replies (calls.*.jsonl in the cache folder). A model that thinks first may need a larger " +
      "--max-reply-tokens, or its thinking switched off (--extra); then annotate into another --out.",
  });
}

export class Judge {
  readonly counts: JudgeCounts = { calls: 0, cached: 0, unparsed: 0, gaveUp: 0 };
  private anyParsed = false;
  private readonly known: Map<string, Promise<string>>;

  constructor(
    private readonly client: ServerClient,
    private readonly log: ShardedLog<Call>,
    private readonly options: JudgeOptions,
  ) {
    this.known = new Map(log.rows.map(({ key, text }) => [key, Promise.resolve(text)]));
  }

  /**
   * The parsed reply; undefined when none of the tries could be parsed.
   * @throws NoReply, and UserError when not one of many asks came to anything
   */
  async ask<T>(prompt: readonly Message[], parse: (text: string) => T | undefined): Promise<T | undefined> {
    for (let attempt = 0; attempt < this.options.tries; attempt++) {
      const parsed = parse(await this.reply(prompt, attempt === 0 ? 0 : retryTemperature, attempt));
      if (parsed !== undefined) {
        this.anyParsed = true;
        return parsed;
      }
      this.counts.unparsed++;
    }
    this.counts.gaveUp++;
    if (!this.anyParsed && this.counts.gaveUp >= mostInVain) throw nothingParsed(this.counts.gaveUp);
    return undefined;
  }

  /** What is said in the index-th reply at a temperature; empty where nothing is. @throws NoReply */
  async reply(prompt: readonly Message[], temperature: number, index: number): Promise<string> {
    return withoutThought(await this.whole(prompt, temperature, index));
  }

  private async whole(prompt: readonly Message[], temperature: number, index: number): Promise<string> {
    const ask: Ask = {
      prompt,
      sampling: { ...greedySampling, temperature, maxNewTokens: this.options.replyTokens ?? defaultReplyTokens },
      seed: this.options.seed + index,
    };
    const { model, extra } = this.client.options;
    const key = hashOf({ model, ...ask, ...(extra && { extra }) });
    const known = this.known.get(key);
    if (known) {
      this.counts.cached++;
      return known;
    }
    const asked = this.client.ask(ask).then(({ text, promptTokens, completionTokens }) => {
      this.counts.calls++;
      this.log.append({ key, text, promptTokens, completionTokens });
      return text;
    });
    this.known.set(key, asked);
    asked.catch(() => this.known.delete(key));
    return asked;
  }
}

/**
 * The one label that a reply has, white space and case aside; undefined when it has none or several. Where one label
 * stands within another, only the longer counts.
 */
export function labelIn<T>(text: string, labels: Readonly<Record<string, T>>): T | undefined {
  let said = text.toLowerCase().replace(/\s+/g, "");
  const found: T[] = [];
  for (const [label, value] of Object.entries(labels).sort(([a], [b]) => b.length - a.length)) {
    if (!said.includes(label)) continue;
    found.push(value);
    said = said.replaceAll(label, " ");
  }
  return found.length === 1 ? found[0] : undefined;
}

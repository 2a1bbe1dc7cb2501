/**
 * Candidates (§2.2) from a server: K completions of every question, one request each, so that each has its own seed
 * and is on disk as soon as it is there. `sampleCandidates` is the same with a policy in this process.
 */
import { z } from "zod";
import { candidateKey } from "../factuality/records";
import { startProgress } from "../base/progress";
import { Rng } from "../base/rng";
import { inShard, ShardedLog, type Shard } from "../base/shardedLog";
import type { Question } from "../factuality/records";
import type { ServerClient } from "../server/client";
import { runJobs } from "../server/jobs";
import { tokenLogprobsSchema, type Ask } from "../server/wire";
import type { SamplingOptions } from "../model/generate";
import { encodePrompt } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";

const count = z.number().int().nonnegative();
/** A completion as it came. */
export const servedSchema = z
  .object({
    questionId: z.string().min(1),
    index: count,
    completion: z.string(),
    finish: z.string(),
    promptTokens: count,
    completionTokens: count,
    logprobs: tokenLogprobsSchema.optional(),
  })
  .strict();
export type Served = z.infer<typeof servedSchema>;

export interface ServedSampling {
  k: number;
  sampling: SamplingOptions;
  seed: number;
  /** Keep per-token log-probabilities where the server gives them. */
  logprobs: boolean;
  /** What the server is sent for a question: its messages, or a text for models without a chat template. */
  promptOf: (question: Question) => Ask["prompt"];
}

/** Names of the shards' files in a run folder. */
export const servedLog = "served";

/**
 * Samples this shard's questions into `dir`, as far as no client has done it yet.
 * @throws UserError as `runJobs`; what came is kept
 */
export async function sampleServed(
  client: ServerClient,
  dir: string,
  questions: readonly Question[],
  shard: Shard,
  { k, sampling, seed, logprobs, promptOf }: ServedSampling,
): Promise<void> {
  const log = new ShardedLog(dir, servedLog, shard, servedSchema);
  const wanted = questions
    .filter(({ id }) => inShard(id, shard))
    .flatMap((question) => Array.from({ length: k }, (_, index) => ({ question, index })));
  const done = new Set(log.rows.map(candidateKey));
  const missing = wanted.filter(({ question, index }) => !done.has(candidateKey({ questionId: question.id, index })));
  const progress = startProgress("sample candidates", wanted.length, wanted.length - missing.length);
  const root = new Rng(seed);
  let finished = wanted.length - missing.length;
  let tokens = 0;
  try {
    await runJobs(
      client,
      missing,
      async ({ question, index }) => {
        const answer = await client.ask({
          prompt: promptOf(question),
          sampling,
          logprobs,
          seed: root
            .fork(question.id)
            .fork(index)
            .int(2 ** 31),
        });
        if (answer.silent !== undefined) throw client.silence(answer);
        const { text, silent: _, ...reply } = answer;
        log.append({ questionId: question.id, index, completion: text, ...reply });
        tokens += reply.completionTokens;
        progress.update(++finished, tokens > 0 ? `${tokens} tokens` : undefined);
      },
      "candidates",
    );
  } finally {
    progress.stop();
    log.close();
  }
}

/**
 * The prompt as `promptIds` has it, as text with its special tokens spelled out, for a server that tokenises text.
 * What the tokenizer itself puts before every text, as Llama 3's does BOS, is left to the server.
 */
export function promptText(tokenizer: Tokenizer): (question: Question) => string {
  const left = tokenizer.opening.length > 0 ? tokenizer.decode(tokenizer.opening) : "";
  return ({ prompt }) => {
    const { text } = encodePrompt(tokenizer, prompt);
    return text.startsWith(left) ? text.slice(left.length) : text;
  };
}

/**
 * Candidates (paper §2.2: "top-k sampling to select K candidate responses"; App. A: K = 32, top-k 40, temperature 0.8).
 * A candidate's stream is named by seed, question and index, so that up to rounding the same row comes out whatever
 * else is sampled; and since rounding depends on the shape of a batch, questions are cut into tasks by one rule.
 */
import { chunks } from "../base/collections";
import { Rng } from "../base/rng";
import type { Candidate, Question } from "../factuality/records";
import { generate, type SamplingOptions } from "../model/generate";
import type { Policy } from "../model/policy";
import { promptIds } from "../text/prompt";
import type { Tokenizer } from "../text/tokenizer";

/** Completions per question in the paper ("32 candidate responses per question"). */
export const paperCandidates = 32;

/** Completions in one task: a batch of a small model. */
const taskRows = 1024;

/**
 * Questions by what is decoded together. The cut depends on nothing but the questions and k, so that one process,
 * several, and a run that goes on after it was killed give the same candidates bit for bit. Shorter prompts of a batch
 * are padded, so it goes by length.
 */
export function samplingTasks(tokenizer: Tokenizer, questions: readonly Question[], k: number): Question[][] {
  const lengths = new Map(questions.map((question) => [question, promptIds(tokenizer, question.prompt).length]));
  const order = questions.slice().sort((a, b) => lengths.get(a)! - lengths.get(b)!);
  const perTask = Math.max(1, Math.ceil(taskRows / k));
  return chunks(order, perTask);
}

/** Yields the K candidates of each question of a task as its batch ends, in no stated order. */
export async function* sampleCandidates(
  policy: Policy,
  questions: readonly Question[],
  k: number,
  sampling: SamplingOptions,
  seed: number,
): AsyncGenerator<Candidate[]> {
  const { model, params, tokenizer } = policy;
  const root = new Rng(seed);
  const requests = questions.map(({ id, prompt }) => ({
    promptIds: promptIds(tokenizer, prompt),
    streams: Array.from({ length: k }, (_, index) => root.fork(id).fork(index)),
  }));
  for await (const { request, completions } of generate(model.config, params, requests, sampling, tokenizer)) {
    const questionId = questions[request]!.id;
    yield completions.map(({ ids, finished }, index) => ({
      questionId,
      index,
      completion: tokenizer.decode(ids),
      tokenIds: ids,
      seed,
      ...(!finished && { finished }),
    }));
  }
}

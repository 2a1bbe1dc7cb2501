/**
 * Candidates (paper §2.2: "top-k sampling to select K candidate responses"; App. A: K = 32, top-k 40, temperature 0.8).
 * A candidate's stream is named by seed, question and index, so that the same row comes out whatever else is sampled.
 */
import { Rng } from "../base/rng";
import type { Candidate, Question } from "../factuality/records";
import { generate, type SamplingOptions } from "../model/generate";
import type { Policy } from "../model/policy";
import { promptIds } from "../text/prompt";

/** Completions per question in the paper ("32 candidate responses per question"). */
export const paperCandidates = 32;

/** Yields the K candidates of a question as its batch ends, in no stated order. */
export async function* sampleCandidates(policy: Policy, questions: readonly Question[], k: number, sampling: SamplingOptions, seed: number): AsyncGenerator<Candidate[]> {
  const { model, params, tokenizer } = policy;
  const root = new Rng(seed);
  const requests = questions.map(({ id, prompt }) => ({
    promptIds: promptIds(tokenizer, prompt),
    streams: Array.from({ length: k }, (_, index) => root.fork(id).fork(index)),
  }));
  for await (const { request, completions } of generate(model.config, params, requests, sampling, tokenizer)) {
    const questionId = questions[request]!.id;
    yield completions.map(({ ids }, index) => ({ questionId, index, completion: tokenizer.decode(ids), tokenIds: ids, seed }));
  }
}

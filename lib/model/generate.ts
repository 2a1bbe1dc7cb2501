/**
 * Sampling: top-k, temperature, top-p, greedy. A prompt is prefilled once and shared by its candidates; finished rows
 * leave the batch. Each candidate draws from its own stream, so that a result does not depend on what it was batched
 * with.
 */
import * as tf from "@tensorflow/tfjs";
import { breathe } from "../base/progress";
import { UserError } from "../base/check";
import type { Rng } from "../base/rng";
import { engineMemory } from "../engine/memory";
import type { TransformerConfig } from "./config";
import { Decoder } from "./decode";
import { disposeCache, takeCacheRows } from "./cache";
import type { Params } from "./params";
import { prefill } from "./prefill";
import { batches, type GenerateRequest, type Watch } from "./requestBatches";

export type { GenerateRequest };

/** temperature 0 is greedy; topK 0 and topP 1 switch those filters off. */
export interface SamplingOptions {
  temperature: number;
  topK: number;
  topP: number;
  maxNewTokens: number;
}

/** The paper's candidate sampling (App. A: top-k 40, temperature 0.8). */
export const paperSampling = { temperature: 0.8, topK: 40, topP: 1 } as const;
/** The paper's evaluation of Table 1 ("top-k=1"). */
export const greedySampling = { temperature: 0, topK: 0, topP: 1 } as const;

/** Sampled ids without the end token; `finished` is false when the token limit or its watch cut it. */
export interface Generated {
  ids: number[];
  finished: boolean;
}

/**
 * Rows decoded together: a step of 1024 rows costs 1.8 times one of 512, and fewer batches have fewer thinning ends.
 */
const maxRows = 1024;
/**
 * Bytes of keys and values of a batch, if an eighth of the memory is no less: large models decode fewer rows together.
 */
const mostCache = 2e9;
/** Rows are compacted when this share of them is still alive: compacting copies the cache, so not at every step. */
const compactBelow = 0.85;

/**
 * Yields each request's completions as its batch ends, in no stated order. A completion is cut at the token limit, or
 * where the model has no more positions.
 * @param tokenizer ids that end a completion, and how many ids it can spell (a model may have padding rows beyond)
 * @throws UserError for a prompt without a token, or one that leaves no position for an answer
 */
export async function* generate(
  config: TransformerConfig,
  params: Params,
  requests: readonly GenerateRequest[],
  options: SamplingOptions,
  tokenizer: { eosIds: readonly number[]; vocabSize: number },
): AsyncGenerator<{ request: number; completions: Generated[] }> {
  const longest = requests.reduce((most, { promptIds }) => Math.max(most, promptIds.length), 0) + options.maxNewTokens;
  for (const { promptIds } of requests)
    if (promptIds.length === 0 || promptIds.length >= config.maxPositions)
      throw new UserError({
        where: "sampling",
        expected: `a prompt of 1 to ${config.maxPositions - 1} tokens, by the model's positions`,
        got: `${promptIds.length}`,
        fix: "Shorten the prompt, or leave it out.",
      });
  const decoder = new Decoder(config, params, Math.min(tokenizer.vocabSize, config.vocabSize));
  try {
    const rowBytes = 8 * config.layers * config.kvHeads * config.headDim * longest;
    const most = Math.min(maxRows, Math.max(1, Math.floor(Math.min(mostCache, engineMemory() / 8) / rowBytes)));
    const pieces = requests.flatMap(({ promptIds, streams, watches }, request) =>
      Array.from({ length: Math.ceil(streams.length / most) }, (_, i) => ({
        request,
        promptIds,
        streams: streams.slice(i * most, (i + 1) * most),
        watches: watches?.slice(i * most, (i + 1) * most),
      })),
    );
    const completions = requests.map((): Generated[] => []);
    for (const batch of batches(pieces, most)) {
      const results = await decodeBatch(decoder, batch, options, new Set(tokenizer.eosIds));
      for (const [i, { request }] of batch.entries()) {
        completions[request]!.push(...results[i]!); // pieces of a request come in order
        if (completions[request]!.length === requests[request]!.streams.length)
          yield { request, completions: completions[request]! };
      }
    }
  } finally {
    decoder.dispose();
  }
}

interface Row {
  rng: Rng;
  result: Generated;
  /** Tokens it may have. */
  limit: number;
  watch?: Watch;
}

const hasEnded = ({ result, limit }: Row): boolean => result.finished || result.ids.length >= limit;

async function decodeBatch(
  decoder: Decoder,
  requests: readonly GenerateRequest[],
  options: SamplingOptions,
  eos: ReadonlySet<number>,
): Promise<Generated[][]> {
  const results = requests.map(({ streams }) => streams.map((): Generated => ({ ids: [], finished: false })));
  let rows: Row[] = requests.flatMap(({ streams, promptIds, watches }, i) => {
    const limit = Math.min(options.maxNewTokens, decoder.config.maxPositions - promptIds.length);
    return streams.map((rng, j) => ({
      rng: rng.fork("sample"),
      result: results[i]![j]!,
      limit,
      watch: watches?.[j],
    }));
  });
  let { logits, cache } = prefill(
    decoder,
    requests.map(({ promptIds }) => promptIds),
    requests.flatMap(({ streams }, i) => streams.map(() => i)),
  );
  for (let step = 0; step < options.maxNewTokens && rows.length > 0; step++) {
    const tokens = await drawTokens(logits, rows, options);
    logits.dispose();
    const alive: number[] = [];
    let full = false;
    rows.forEach((row, i) => {
      const { result } = row;
      if (hasEnded(row)) return;
      if (eos.has(tokens[i]!)) result.finished = true;
      else {
        result.ids.push(tokens[i]!);
        if (row.watch?.(result.ids)) row.limit = result.ids.length;
        if (result.ids.length < row.limit) alive.push(i);
        else full = true;
      }
    });
    if (alive.length === 0) {
      logits = tf.zeros([1, 1]);
      break;
    }
    let next = tokens;
    if (full || alive.length < compactBelow * rows.length) {
      // a full row leaves at once: the model has no position for it to go on
      const kept = tf.tensor1d(alive, "int32");
      cache = takeCacheRows(cache, kept);
      kept.dispose();
      rows = alive.map((i) => rows[i]!);
      next = Int32Array.from(alive, (i) => tokens[i]!);
    }
    const ids = tf.tensor2d(next, [rows.length, 1], "int32");
    ({ logits, cache } = decoder.step(ids, cache));
    ids.dispose();
    await breathe();
  }
  logits.dispose();
  disposeCache(cache);
  return results;
}

/** One token for every row of logits [R, V]. */
async function drawTokens(logits: tf.Tensor2D, rows: readonly Row[], options: SamplingOptions): Promise<Int32Array> {
  const [R, V] = logits.shape;
  if (options.temperature === 0) {
    const best = tf.argMax(logits, 1);
    const tokens = Int32Array.from(await best.data());
    best.dispose();
    return tokens;
  }
  const k = options.topK > 0 ? Math.min(options.topK, V) : V;
  const top = tf.topk(logits, k); // largest first, equal ones by index
  const [values, indices] = (await Promise.all([top.values.data(), top.indices.data()])) as [Float32Array, Int32Array];
  tf.dispose([top.values, top.indices]);
  const tokens = new Int32Array(R);
  const weights = new Float64Array(k);
  for (let r = 0; r < R; r++) {
    const row = rows[r]!;
    if (!hasEnded(row))
      tokens[r] = indices[r * k + drawRank(values.subarray(r * k, (r + 1) * k), options, row.rng.next(), weights)]!;
  }
  return tokens;
}

/**
 * Rank drawn from sorted logits [k] by the uniform number u: softmax at a temperature, cut to the smallest set that
 * holds topP.
 * @param weights [k] scratch
 */
export function drawRank(
  sorted: Float32Array,
  { temperature, topP }: SamplingOptions,
  u: number,
  weights = new Float64Array(sorted.length),
): number {
  let total = 0;
  for (let i = 0; i < sorted.length; i++) total += weights[i] = Math.exp((sorted[i]! - sorted[0]!) / temperature);
  let kept = 0;
  let mass = 0;
  while (kept < weights.length && (kept === 0 || mass < topP * total)) mass += weights[kept++]!;
  let left = u * mass;
  for (let rank = 0; rank < kept; rank++) {
    left -= weights[rank]!;
    if (left < 0) return rank;
  }
  return kept - 1;
}

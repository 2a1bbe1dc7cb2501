/**
 * From preference pairs to padded batches (Eq. 5-6): prompt ids + completion ids + the token that closes the
 * completion, with the loss mask aligned to the ids.
 *
 * Prompt and completion are each tokenised once, whole, and concatenated. `lossMask[t]` says whether the
 * log probability of token t (given those before it) counts: 0 on the prompt and on padding, 1 on the closing
 * token, elsewhere as mask.ts decides. Nothing is truncated: a pair too long for the model is dropped and named.
 * B pairs, T tokens, P prompt tokens.
 */
import { UserError, brief } from "../base/check";
import { Rng } from "../base/rng";
import type { Message } from "../factuality/records";
import type { Tokenizer } from "../text/tokenizer";
import { type MaskOptions, type Side, emptiesSide, keptSentences, sentenceMask, sentenceOfTokens } from "./mask";
import type { PreferencePair } from "./pair";

/** What is needed of a tokenizer. */
export type CompletionTokenizer = Pick<Tokenizer, "eosId" | "encode" | "offsets">;

export interface TokenizedSide {
  /** [T] prompt, completion, closing token. */
  ids: Int32Array;
  /** P. */
  promptLength: number;
  /** [T] 0/1. */
  lossMask: Uint8Array;
  /** [T] sentence index, -1 on prompt, closing token and text before the first sentence. */
  sentenceOf: Int32Array;
  /** The mask leaves no sentence token to learn from. */
  emptied: boolean;
}

export interface TokenizedPair {
  questionId: string;
  /** The pair this was made from. */
  source: PreferencePair;
  chosen: TokenizedSide;
  rejected: TokenizedSide;
}

export interface PairMaskOptions extends MaskOptions {
  /** Seed of `mask: "random"`, default 0; each side of each pair draws from its own stream. */
  seed?: string | number;
}

/** Pairs kept, and the question ids of those dropped. */
export interface TokenizeReport {
  pairs: number;
  kept: number;
  /** The mask emptied a side. */
  emptied: string[];
  /** A side with its prompt is longer than the model's positions. */
  tooLong: string[];
}

/** One batch; rows: all chosen, then all rejected. */
export interface PairBatch {
  questionIds: string[];
  /** [2B, T] row-major, right-padded. */
  ids: Int32Array;
  /** [2B, T] 0/1. */
  lossMask: Uint8Array;
  /** [2B] tokens before the padding. */
  lengths: Int32Array;
  /** [2B, T]. */
  shape: [number, number];
}

/** Both sides of a pair as ids and masks. @throws UserError naming pair and side for spans or token ids that do not fit the text */
export function tokenizePair(pair: PreferencePair, tokenizer: CompletionTokenizer, promptIds: readonly number[], options: PairMaskOptions): TokenizedPair {
  const rng = new Rng(options.seed ?? 0).fork("mask").fork(pair.questionId);
  const side = (name: Side): TokenizedSide => {
    try {
      return tokenizeSide(pair, name, tokenizer, promptIds, options, rng.fork(name));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { where, ...parts } = error.parts;
      throw new UserError({ ...parts, where: `pair of question ${brief(pair.questionId)}, ${name} side${where ? ` (${where})` : ""}` });
    }
  };
  return { questionId: pair.questionId, source: pair, chosen: side("chosen"), rejected: side("rejected") };
}

/**
 * All pairs that can be trained on, in order, with a report of the others.
 * @param promptIds the ids of a prompt, e.g. lib/text/prompt with the tokenizer bound
 * @param maxPositions most tokens a sequence may have
 * @throws UserError as `tokenizePair`
 */
export function tokenizePairs(
  pairs: readonly PreferencePair[],
  tokenizer: CompletionTokenizer,
  promptIds: (prompt: readonly Message[]) => readonly number[],
  options: PairMaskOptions & { maxPositions: number },
): { pairs: TokenizedPair[]; report: TokenizeReport } {
  const report: TokenizeReport = { pairs: pairs.length, kept: 0, emptied: [], tooLong: [] };
  const kept = pairs.flatMap((pair) => {
    const tokenized = tokenizePair(pair, tokenizer, promptIds(pair.prompt), options);
    const { chosen, rejected } = tokenized;
    const fault = Math.max(chosen.ids.length, rejected.ids.length) > options.maxPositions ? report.tooLong : chosen.emptied || rejected.emptied ? report.emptied : undefined;
    fault?.push(pair.questionId);
    return fault ? [] : [tokenized];
  });
  report.kept = kept.length;
  return { pairs: kept, report };
}

/** @param padId fills behind the shorter rows, where the mask is 0 @throws RangeError without pairs */
export function collate(pairs: readonly TokenizedPair[], padId: number): PairBatch {
  if (pairs.length === 0) throw new RangeError("collate: expected at least one pair, got none");
  const rows = [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
  const lengths = Int32Array.from(rows, ({ ids }) => ids.length);
  const width = lengths.reduce((a, b) => Math.max(a, b), 0);
  const ids = new Int32Array(rows.length * width).fill(padId);
  const lossMask = new Uint8Array(rows.length * width);
  rows.forEach((row, r) => {
    ids.set(row.ids, r * width);
    lossMask.set(row.lossMask, r * width);
  });
  return { questionIds: pairs.map(({ questionId }) => questionId), ids, lossMask, lengths, shape: [rows.length, width] };
}

function tokenizeSide(pair: PreferencePair, name: Side, tokenizer: CompletionTokenizer, promptIds: readonly number[], options: PairMaskOptions, rng: Rng): TokenizedSide {
  const { completion, sentences, tokenIds } = pair[name];
  const { ids, starts, ends } = tokenIds ? { ids: tokenIds, ...tokenizer.offsets(tokenIds, completion) } : tokenizer.encode(completion);
  const ofCompletion = sentenceOfTokens(completion, starts, ends, sentences);
  const kept = keptSentences(name, sentences, options, rng);
  const promptLength = promptIds.length;
  const lossMask = new Uint8Array(promptLength + ids.length + 1);
  lossMask.set(sentenceMask(ofCompletion, kept), promptLength);
  lossMask[lossMask.length - 1] = 1; // the closing token is kept on both sides
  const sentenceOf = new Int32Array(lossMask.length).fill(-1);
  sentenceOf.set(ofCompletion, promptLength);
  return {
    ids: Int32Array.from([...promptIds, ...ids, tokenizer.eosId]),
    promptLength,
    lossMask,
    sentenceOf,
    emptied: emptiesSide(ofCompletion, kept, options),
  };
}

/**
 * From preference pairs to sequences of ids and masks (Eq. 5-6): prompt ids + completion ids + the token that closes
 * the completion, with the loss mask aligned to the ids.
 *
 * Prompt and completion are each tokenised once, whole, and concatenated (`encodeSide`). `weights[t]` says how much the
 * log probability of token t (given those before it) counts: 0 on the prompt, 1 on the closing
 * token, elsewhere as mask.ts decides. Nothing is truncated: a pair too long for the model is dropped and named.
 * B pairs, T tokens, P prompt tokens. Batches have no padding (`model/packing.ts`).
 */
import { UserError, brief } from "../base/check";
import type { Rng } from "../base/rng";
import type { Message } from "../text/message";
import { encodeAnswer, type AnswerTokenizer } from "../text/answer";
import type { Encoding, Tokenizer } from "../text/tokenizer";
import {
  type MaskOptions,
  type Side,
  emptiesSide,
  keptSentences,
  maskStream,
  sentenceMask,
  sentenceOfTokens,
} from "./mask";
import { isDemonstration, pairOfDemonstration, type Demonstration, type TrainingRow } from "./demonstration";
import type { PreferencePair } from "./pair";

/** What is needed of a tokenizer. */
export type CompletionTokenizer = AnswerTokenizer & Pick<Tokenizer, "eosId" | "eosIds" | "offsets">;

export interface TokenizedSide {
  /** [T] prompt, completion, closing token (none behind a completion that was cut). */
  ids: Int32Array;
  /** P. */
  promptLength: number;
  /** [T] >= 0: how much a token's log-probability counts; under a mask 0 or 1. */
  weights: Float32Array;
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

/**
 * Both sides of a pair as ids and masks.
 * @throws UserError naming pair and side for spans or token ids that do not fit the text
 */
export function tokenizePair(
  pair: PreferencePair,
  tokenizer: CompletionTokenizer,
  promptIds: readonly number[],
  options: PairMaskOptions,
): TokenizedPair {
  const rng = maskStream(options.seed ?? 0, pair.questionId);
  const side = (name: Side): TokenizedSide => {
    try {
      return tokenizeSide(pair, name, tokenizer, promptIds, options, rng.fork(name));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { where, ...parts } = error.parts;
      throw new UserError({
        ...parts,
        where: `pair of question ${brief(pair.questionId)}, ${name} side${where ? ` (${where})` : ""}`,
      });
    }
  };
  return { questionId: pair.questionId, source: pair, chosen: side("chosen"), rejected: side("rejected") };
}

/** A demonstration as the chosen side of a pair; of the rejected one there is only the prompt, and nothing counts. */
function tokenizeDemonstration(
  row: Demonstration,
  tokenizer: CompletionTokenizer,
  promptIds: readonly number[],
  options: PairMaskOptions,
): TokenizedPair {
  const own = row.sentences ? options : { ...options, mask: "none" as const };
  const pair = tokenizePair(pairOfDemonstration(row), tokenizer, promptIds, own);
  const { ids, promptLength } = pair.chosen;
  const rejected = {
    ids: ids.slice(0, promptLength),
    promptLength,
    weights: new Float32Array(promptLength),
    sentenceOf: new Int32Array(promptLength).fill(-1),
    emptied: false,
  };
  return { ...pair, rejected };
}

/** Whether it was made of a demonstration. */
export function isOneSided({ rejected: { ids, promptLength } }: Pick<TokenizedPair, "rejected">): boolean {
  return ids.length === promptLength;
}

export interface Tokenized {
  pairs: TokenizedPair[];
  emptied: TokenizedPair[];
  report: TokenizeReport;
}

/**
 * All pairs that can be trained on, in order; those whose side the mask emptied; and a report of all that is not
 * trained on.
 * @param promptIds the ids of a prompt, e.g. lib/text/prompt with the tokenizer bound
 * @param maxPositions most tokens a sequence may have
 * @throws UserError as `tokenizePair`
 */
export function tokenizePairs(
  pairs: readonly TrainingRow[],
  tokenizer: CompletionTokenizer,
  promptIds: (prompt: readonly Message[]) => readonly number[],
  options: PairMaskOptions & { maxPositions: number },
): Tokenized {
  const tokenized = pairs.map((row) =>
    isDemonstration(row)
      ? tokenizeDemonstration(row, tokenizer, promptIds(row.prompt), options)
      : tokenizePair(row, tokenizer, promptIds(row.prompt), options),
  );
  const fits = ({ chosen, rejected }: TokenizedPair) =>
    Math.max(chosen.ids.length, rejected.ids.length) <= options.maxPositions;
  const isEmptied = ({ chosen, rejected }: TokenizedPair) => chosen.emptied || rejected.emptied;
  const fitting = tokenized.filter(fits);
  const kept = fitting.filter((pair) => !isEmptied(pair));
  const emptied = fitting.filter(isEmptied);
  const names = (of: readonly TokenizedPair[]) => of.map(({ questionId }) => questionId);
  return {
    pairs: kept,
    emptied,
    report: {
      pairs: pairs.length,
      kept: kept.length,
      emptied: names(emptied),
      tooLong: names(tokenized.filter((pair) => !fits(pair))),
    },
  };
}

/** How many tokens count at all. */
export function unmaskedTokens(weights: Float32Array): number {
  return weights.reduce((count, weight) => (weight > 0 ? count + 1 : count), 0);
}

/** All chosen sides, then all rejected ones: [2B]. */
export function sidesOf<Side>(pairs: readonly { chosen: Side; rejected: Side }[]): Side[] {
  return [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
}

/** A side as tokens: the prompt's ids, those of the text with their offsets in it, and the one that closes it. */
export interface EncodedSide extends Encoding {
  promptIds: readonly number[];
  /** None where the token limit cut the completion: nothing ends there. */
  closing?: number;
}

/**
 * Given ids follow the prompt as it is; without them the completion is tokenised where it stands behind the prompt. An
 * end token that the text already has at its end is the closing one.
 * @param promptIds what generation was given
 * @throws UserError for ids that do not spell the text
 */
export function encodeSide(
  { completion, tokenIds, finished }: PreferencePair[Side],
  prompt: readonly Message[],
  tokenizer: CompletionTokenizer,
  promptIds: readonly number[],
): EncodedSide {
  const { ids, starts, ends, ...own } = tokenIds
    ? { ids: tokenIds, ...tokenizer.offsets(tokenIds, completion) }
    : encodeAnswer(tokenizer, prompt, completion);
  const context = { promptIds, ...own };
  let last = ids.length - 1;
  while (last >= 0 && completion.slice(starts[last], ends[last]).trim() === "") last--;
  if (tokenizer.eosIds.includes(ids[last]!)) {
    const before = (of: readonly number[]) => of.slice(0, last);
    return { ...context, ids: before(ids), starts: before(starts), ends: before(ends), closing: ids[last] };
  }
  return { ...context, ids, starts, ends, closing: finished === false ? undefined : tokenizer.eosId };
}

function tokenizeSide(
  pair: PreferencePair,
  name: Side,
  tokenizer: CompletionTokenizer,
  generationIds: readonly number[],
  options: PairMaskOptions,
  rng: Rng,
): TokenizedSide {
  const { completion, sentences } = pair[name];
  const { promptIds, ids, starts, ends, closing } = encodeSide(pair[name], pair.prompt, tokenizer, generationIds);
  // what stands between prompt and completion is no part of the first sentence
  const ofCompletion = sentenceOfTokens(completion, starts, ends, sentences).map((s, t) => (ends[t]! > 0 ? s : -1));
  const kept = keptSentences(name, sentences, options, rng);
  const promptLength = promptIds.length;
  const all = Int32Array.from([...promptIds, ...ids, ...(closing === undefined ? [] : [closing])]);
  const weights = new Float32Array(all.length);
  weights.fill(1, promptLength + ids.length); // the closing token is kept on both sides
  weights.set(sentenceMask(ofCompletion, kept), promptLength);
  const sentenceOf = new Int32Array(weights.length).fill(-1);
  sentenceOf.set(ofCompletion, promptLength);
  return {
    ids: all,
    promptLength,
    weights,
    sentenceOf,
    emptied: emptiesSide(ofCompletion, kept, options) || unmaskedTokens(weights) === 0,
  };
}

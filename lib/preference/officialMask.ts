/**
 * The masks that the official code would have given (open-compass/ANAH, maskdpo/dataset.py), to count what exact masks
 * change.
 *
 * Modelled: every sentence is tokenised apart; the token counts are laid end to end from the first completion token on,
 * and the stretches of the sentences to be dropped are masked. Where the counts do not add up to the whole, the
 * stretches drift. One that runs over the end makes the labels longer than the ids, and the official code then prints a
 * line and trains both sides of that pair unmasked.
 *
 * Not modelled: truncation at 1024 tokens, tokens with id 0 (its loss leaves them out), verdict names it does not
 * know (it masks nothing), tokens that a chat template puts behind the closing one. How its sentences were cut is not
 * published, so there are two readings (`SentenceCut`).
 */
import { isHallucination } from "../factuality/verdict";
import type { CompletionTokenizer, TokenizedPair, TokenizedSide } from "./collate";
import { wrongTokens } from "./lint/difference";
import { sideNames, type Side } from "./mask";

/** What a sentence's text is: its span, or its span and all that follows up to the next one. */
export const sentenceCuts = ["span", "withGap"] as const;
export type SentenceCut = (typeof sentenceCuts)[number];

/** Loss masks 0/1 [T] of both sides, aligned to the pair's ids. */
export interface OfficialMasks {
  chosen: Uint8Array;
  rejected: Uint8Array;
  /** Both sides are unmasked because labels ran over the end. */
  fallback: boolean;
}

/** A sentence as its trainer reads it: a string, and whether its label masks it on this side. */
export interface ToldSentence {
  text: string;
  masked: boolean;
}

/**
 * @param pair tokenised without given ids, by this tokenizer
 * @param told its sentences, or how the pair's own are cut to such
 */
export function officialMasks(
  pair: TokenizedPair,
  tokenizer: CompletionTokenizer,
  told: SentenceCut | Record<Side, readonly ToldSentence[]>,
): OfficialMasks {
  const of = (name: Side): Uint8Array | undefined =>
    laidEndToEnd(pair[name], typeof told === "string" ? cutSentences(pair, name, told) : told[name], tokenizer);
  const [chosen, rejected] = [of("chosen"), of("rejected")];
  if (chosen && rejected) return { chosen, rejected, fallback: false };
  return { chosen: unmasked(pair.chosen), rejected: unmasked(pair.rejected), fallback: true };
}

function cutSentences({ source }: TokenizedPair, name: Side, cut: SentenceCut): ToldSentence[] {
  const { completion, sentences } = source[name];
  return sentences.map(({ start, end, verdict }, s) => ({
    text: completion.slice(start, cut === "span" ? end : sentences[s + 1]?.start),
    masked: isHallucination(verdict) === (name === "chosen"),
  }));
}

/** undefined where a dropped stretch runs over the end. */
function laidEndToEnd(
  side: TokenizedSide,
  told: readonly ToldSentence[],
  tokenizer: CompletionTokenizer,
): Uint8Array | undefined {
  const mask = unmasked(side);
  let from = side.promptLength;
  let over = false;
  for (const { text, masked } of told) {
    const to = from + tokenizer.encode(text).ids.length;
    if (masked) {
      mask.fill(0, from, to);
      over ||= to > mask.length;
    }
    from = to;
  }
  return over ? undefined : mask;
}

function unmasked({ ids, promptLength }: TokenizedSide): Uint8Array {
  return new Uint8Array(ids.length).fill(1, promptLength);
}

/** Where the official masks differ from the exact ones. */
export interface OfficialMaskReport {
  pairs: number;
  /** Pairs trained unmasked without asking. */
  fallbacks: number;
  /** Other pairs with a wrong token. */
  drifted: number;
  /** Completion tokens of all pairs, closing tokens included. */
  tokens: number;
  /** Of these, tokens learnt from that should not be, or the reverse: in fallbacks, and by drift. */
  wrongByFallback: number;
  wrongByDrift: number;
  /** Sides whose closing token, which is always to be learnt, is masked. */
  closingMasked: number;
}

/** @param pairs tokenised with `mask: "paper"` */
export function compareOfficialMasks(
  pairs: readonly TokenizedPair[],
  tokenizer: CompletionTokenizer,
  cut: SentenceCut,
): OfficialMaskReport {
  const report: OfficialMaskReport = {
    pairs: pairs.length,
    fallbacks: 0,
    drifted: 0,
    tokens: 0,
    wrongByFallback: 0,
    wrongByDrift: 0,
    closingMasked: 0,
  };
  for (const pair of pairs) {
    const official = officialMasks(pair, tokenizer, cut);
    let wrong = 0;
    for (const name of sideNames) {
      const { weights, promptLength } = pair[name];
      const { wronglyMasked, wronglyLearnt } = wrongTokens(weights, official[name]);
      wrong += wronglyMasked + wronglyLearnt;
      report.tokens += weights.length - promptLength;
      if (official[name].at(-1) === 0) report.closingMasked++;
    }
    if (official.fallback) report.fallbacks++;
    else if (wrong > 0) report.drifted++;
    report[official.fallback ? "wrongByFallback" : "wrongByDrift"] += wrong;
  }
  return report;
}

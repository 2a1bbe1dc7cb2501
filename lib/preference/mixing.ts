/**
 * How mixed a pair set is: the mask has work only where chosen sides hold wrong sentences and rejected sides
 * right ones (§1, "the ambiguity"). Wrong is a_i = 1, right is a_i = 0, no-fact sentences included.
 */
import { mean, quantile } from "../base/stats";
import type { Sentence } from "../factuality/records";
import { countSentences } from "../factuality/score";
import { isHallucination } from "../factuality/verdict";
import type { TokenizedPair, TokenizedSide } from "./collate";
import type { Side } from "./mask";
import type { PreferencePair } from "./pair";

/** Shares in [0, 1] over all sentences (or tokens) of a side, pooled over the set; 0 where there are none. */
export interface Shares {
  wrongInChosen: number;
  rightInRejected: number;
}

export interface Mixing {
  pairs: number;
  sentences: Shares;
  /** Share of pairs in which the mask drops a sentence on at least one side. */
  mixedPairs: number;
  /** Score of chosen - score of rejected. */
  scoreGap: { mean: number; median: number };
  /**
   * Score gaps in ten bins of width 0.1 over [0, 1]; a bin holds its lower end, the last also 1, the first also gaps
   * below 0.
   */
  gapHistogram: { from: number; to: number; pairs: number }[];
  /** Mean scores of the two sides. */
  scores: { chosen: number; rejected: number };
}

/** @throws RangeError without pairs */
export function mixingOf(pairs: readonly PreferencePair[]): Mixing {
  if (pairs.length === 0) throw new RangeError("mixingOf: expected at least one pair, got none");
  const counts = pairs.map(({ chosen, rejected }) => ({
    chosen: countSentences(chosen.sentences),
    rejected: countSentences(rejected.sentences),
  }));
  const total = (pick: (c: (typeof counts)[number]) => number): number => counts.reduce((sum, c) => sum + pick(c), 0);
  const wrong = total(({ chosen }) => chosen.incorrect);
  const right = total(({ rejected }) => rejected.sentences - rejected.incorrect);
  const gaps = pairs.map(({ scores }) => scores.chosen - scores.rejected);
  return {
    pairs: pairs.length,
    sentences: {
      wrongInChosen: share(
        wrong,
        total(({ chosen }) => chosen.sentences),
      ),
      rightInRejected: share(
        right,
        total(({ rejected }) => rejected.sentences),
      ),
    },
    mixedPairs:
      counts.filter(({ chosen, rejected }) => chosen.incorrect > 0 || rejected.incorrect < rejected.sentences).length /
      pairs.length,
    scoreGap: { mean: mean(gaps), median: quantile(gaps, 0.5) },
    gapHistogram: histogram(gaps),
    scores: {
      chosen: mean(pairs.map(({ scores }) => scores.chosen)),
      rejected: mean(pairs.map(({ scores }) => scores.rejected)),
    },
  };
}

/** The shares in tokens instead of sentences; tokens of no sentence do not count. */
export function tokenShares(pairs: readonly TokenizedPair[]): Shares {
  const count = (side: TokenizedSide, sentences: readonly Sentence[], wanted: boolean): [number, number] => {
    const owned = side.sentenceOf.filter((s) => s >= 0);
    return [owned.filter((s) => isHallucination(sentences[s]!.verdict) === wanted).length, owned.length];
  };
  const pooled = (parts: [number, number][]): number =>
    share(
      parts.reduce((sum, [part]) => sum + part, 0),
      parts.reduce((sum, [, whole]) => sum + whole, 0),
    );
  return {
    wrongInChosen: pooled(pairs.map(({ chosen, source }) => count(chosen, source.chosen.sentences, true))),
    rightInRejected: pooled(pairs.map(({ rejected, source }) => count(rejected, source.rejected.sentences, false))),
  };
}

/** Share of completion tokens, closing token included, that the mask keeps on each side. */
export function keptShares(pairs: readonly TokenizedPair[]): Record<Side, number> {
  const kept = (name: Side): number => {
    const weights = pairs.flatMap((pair) => Array.from(pair[name].weights.subarray(pair[name].promptLength)));
    return share(weights.filter((weight) => weight > 0).length, weights.length);
  };
  return { chosen: kept("chosen"), rejected: kept("rejected") };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function histogram(gaps: readonly number[]): Mixing["gapHistogram"] {
  const bins = Array.from({ length: 10 }, (_, i) => ({ from: i / 10, to: (i + 1) / 10, pairs: 0 }));
  // 1e-9: 0.7 - 0.4 is 0.3
  for (const gap of gaps) bins[Math.min(9, Math.max(0, Math.floor(gap * 10 + 1e-9)))]!.pairs++;
  return bins;
}

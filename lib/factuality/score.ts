/**
 * The factuality score (§2.2): the fraction of correct sentences, sum of (1 - a_i) over N sentences.
 *
 * No-fact sentences have a_i = 0 and so count as correct in the score, as in ANAH-v2; they are counted apart
 * from supported ones, so that a score won by saying nothing is visible. A completion without sentences has
 * no score (0/0): it is never preferred, and an evaluation takes it as 0.
 */
import type { Sentence } from "./records";
import { isHallucination } from "./verdict";

/** Sentences by kind; correct + incorrect + noFact = sentences. */
export interface SentenceCounts {
  sentences: number;
  /** Supported. */
  correct: number;
  /** Contradictory or unverifiable (a_i = 1). */
  incorrect: number;
  noFact: number;
}

export function countSentences(sentences: readonly Pick<Sentence, "verdict">[]): SentenceCounts {
  const counts: SentenceCounts = { sentences: sentences.length, correct: 0, incorrect: 0, noFact: 0 };
  for (const { verdict } of sentences) {
    if (isHallucination(verdict)) counts.incorrect++;
    else if (verdict === "no-fact") counts.noFact++;
    else counts.correct++;
  }
  return counts;
}

/** Fraction of sentences with a_i = 0, in [0, 1]; undefined without sentences. */
export function factualityScore(sentences: readonly Pick<Sentence, "verdict">[]): number | undefined {
  const { sentences: n, incorrect } = countSentences(sentences);
  return n === 0 ? undefined : (n - incorrect) / n;
}

export function addCounts(all: readonly SentenceCounts[]): SentenceCounts {
  const total: SentenceCounts = { sentences: 0, correct: 0, incorrect: 0, noFact: 0 };
  for (const counts of all) for (const key of Object.keys(total) as (keyof SentenceCounts)[]) total[key] += counts[key];
  return total;
}

/** Sentences of sides that have a label, for objectives that learn from them one by one. */

/** 0: right, 1: a hallucination (a_i of Eq. 4), -1: no label, as of a sentence without a fact. */
export type SentenceLabel = 0 | 1 | -1;

/** Sentences of a sequence of T tokens. */
export interface SequenceSentences {
  /** [T] sentence, -1 for none */
  of: ArrayLike<number>;
  /** by sentence */
  labels: readonly SentenceLabel[];
}

/** Sentences with a label and a token that counts, in order. */
export interface CountedSentences {
  /** [T] which of them a token is of, -1 for none, or where the token does not count */
  slots: Int32Array;
  labels: (0 | 1)[];
}

/** @param weights [T] */
export function countedSentences(weights: ArrayLike<number>, { of, labels }: SequenceSentences): CountedSentences {
  const slots = new Map<number, number>();
  const kept: (0 | 1)[] = [];
  const ofTokens = Int32Array.from(weights, (weight, t) => {
    const sentence = of[t]!;
    const label = labels[sentence];
    if (!(weight > 0) || label === undefined || label === -1) return -1;
    if (!slots.has(sentence)) slots.set(sentence, kept.push(label) - 1);
    return slots.get(sentence)!;
  });
  return { slots: ofTokens, labels: kept };
}

/** Weighted sums of values [T], by sentence. */
export function sentenceSums(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  { slots, labels }: CountedSentences,
): Float32Array {
  const sums = new Float64Array(labels.length);
  slots.forEach((slot, t) => {
    if (slot >= 0) sums[slot]! += weights[t]! * values[t]!;
  });
  return Float32Array.from(sums);
}

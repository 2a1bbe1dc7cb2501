/** The paper's numbers that stand beside ours, as printed in its tables (percent, or counts over 177 questions). */

/** Table 1: ANAH (ANAH-v2 and FactScore evaluators) and Biography (FactScore), greedy. */
export const table1 = {
  base: { score: 49.19, facts: 19.43, biography: 30.29 },
  large: { score: 53.44, facts: 21.92, biography: 40.47 },
  factTune: { score: 56.83, facts: 22.67, biography: 37.97 },
  maskDpo: { score: 77.53, facts: 25.56, biography: 39.39 },
} as const;

/** Table 2: with and without the mask. */
export const table2 = { paper: { score: 77.53, facts: 25.56 }, none: { score: 68.44, facts: 23.43 } } as const;

/** Table 3: who samples the candidates. */
export const table3 = {
  other: { score: 59.43, facts: 21.33 },
  document: { score: 39.43, facts: 16.16 },
  policy: { score: 77.53, facts: 25.56 },
} as const;

/** Table 4: score by thirds of topics or of questions a topic. */
export const table4 = { topic: [65.04, 71.56, 77.53], question: [69.03, 73.03, 77.53] } as const;

/**
 * Table 5: score by base model and embedding, far and near; "own" is the base model's, "other" the other model's
 * embedding, "words" OpenAI's.
 */
export const table5 = {
  base: { own: [68.94, 73.43], other: [68.97, 69.19], words: [71.32, 72.17], random: [70.55, 71.11] },
  other: { own: [64.99, 67.42], other: [64.32, 64.97], words: [65.59, 66.84], random: [64.78, 65.55] },
} as const;

/** Table 6: best of N, top-k 40. */
export const table6 = {
  n: [1, 16, 32, 64, 128, 256],
  base: [47.79, 73.38, 76.3, 76.93, 79.42, 80.98],
  maskDpo: [70.67, 89.8, 90.53, 92.81, 93.47, 94.09],
} as const;

/** b - a with the two decimals the tables print. */
export function printedGain(a: number, b: number): number {
  return Number((b - a).toFixed(2));
}

/** The paper's numbers that stand beside ours, as printed in its tables (percent, or counts over 177 questions). */

/** Table 1, ANAH, ANAH-v2 evaluator, greedy. */
export const table1 = {
  base: { correct: 461, incorrect: 476, score: 49.19 },
  maskDpo: { correct: 547.6, incorrect: 161.4, score: 77.53 },
} as const;

/** Table 1, Biography (out-of-domain), FactScore evaluator. */
export const table1Biography = { base: 30.29, maskDpo: 39.39 } as const;

/** Table 6: best of N, top-k 40. */
export const table6 = {
  n: [1, 16, 32, 64, 128, 256],
  base: [47.79, 73.38, 76.3, 76.93, 79.42, 80.98],
  maskDpo: [70.67, 89.8, 90.53, 92.81, 93.47, 94.09],
} as const;

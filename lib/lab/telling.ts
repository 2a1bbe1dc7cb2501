/**
 * The rule by which settings are chosen. A share of right sentences also rises by saying less, or the same again: so
 * what is chosen must leave the reader as much as the base tells.
 */

/** Of what the base tells. */
const leastTold = 0.9;

/**
 * Of the trials that tell at least nine tenths of what the base tells, the first with the highest score; where none
 * does, the one that tells most.
 * @param told an answer's facts, in the unit of `base`
 */
export function bestTelling<T>(
  trials: readonly T[],
  base: number,
  { score, told }: { score: (trial: T) => number; told: (trial: T) => number },
): T {
  const telling = trials.filter((trial) => told(trial) >= leastTold * base);
  const [from, by] = telling.length > 0 ? [telling, score] : [trials, told];
  return from.reduce((best, trial) => (by(trial) > by(best) ? trial : best));
}

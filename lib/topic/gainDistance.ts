/**
 * Whether topics near the training topics gain more from alignment: corollary 1 of §4.3 without a split, topic by
 * topic.
 */
import { spearman } from "../base/ranks";
import type { Rng } from "../base/rng";
import { mean } from "../base/stats";
import { distances } from "./distance";
import type { TopicVectors } from "./embedding";

export interface GainAgainstDistance {
  topics: number;
  /** Spearman's rho of gain and distance: below 0 where near topics gain more; NaN with fewer than two topics. */
  rho: number;
  /** Two-sided, by permutation. */
  p: number;
}

/**
 * Gain of unseen topics against their mean distance to the nearest `k` training topics (all of them where there are
 * fewer).
 * @param gain by topic id, e.g. score after alignment minus score before
 */
export function gainAgainstDistance(
  vectors: TopicVectors,
  gain: ReadonlyMap<string, number>,
  training: readonly string[],
  k: number,
  rng: Rng,
): GainAgainstDistance {
  const topics = [...gain.keys()];
  if (topics.length < 2 || training.length === 0) return { topics: topics.length, rho: NaN, p: NaN };
  const away = distances(vectors, topics, training).map((row) => mean(row.sort().subarray(0, k)));
  return { topics: topics.length, ...spearman([...gain.values()], away, rng) };
}

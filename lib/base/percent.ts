/** Shares as percent. */
import type { Interval } from "./stats";

/** A share with its interval, in percent. */
export function percent({ value, low, high }: Interval): Interval {
  return { value: 100 * value, low: 100 * low, high: 100 * high };
}

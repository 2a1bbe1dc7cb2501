/** KTO's zero points, of whatever they are computed from. */
import { sum } from "../../base/collections";

/** The mean, or 0 where it is below or there is nothing. */
export function meanAboveZero(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.max(0, sum(values) / values.length);
}

/** What TDPO1 and TDPO2 share. */
import type { Pair } from "../objective";
import type { Value } from "../value";

/** The official code logs as a reward what the log-ratio and the divergence come to. */
export function divergentRewards<V extends Value<V>>(
  { chosen, rejected }: Pair<Record<"logratio" | "forwardKl", V>>,
  beta: number,
): Record<"chosenRewards" | "rejectedRewards", V> {
  return {
    chosenRewards: chosen.logratio.add(chosen.forwardKl).mul(beta),
    rejectedRewards: rejected.logratio.add(rejected.forwardKl).mul(beta),
  };
}

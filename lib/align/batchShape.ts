/** Sizes of a forward pass over pairs, as training packs them. */
import { sidesOf, unmaskedTokens } from "../preference/collate";
import { packWeighted } from "./logps";
import type { PairIds } from "./pairIds";

/** Sizes of a forward pass over some pairs. */
export interface BatchShape {
  tokens: number;
  slots: number;
  /** query-key pairs of one head, padding included */
  scores: number;
  targets: number;
}

/**
 * The shape of a forward pass over the `count` longest pairs: no microbatch of that many is larger. `everything`: all
 * completion tokens are targets, as for the reference.
 */
export function largestShape(pairs: readonly PairIds[], count: number, everything = false): BatchShape {
  const length = ({ chosen, rejected }: PairIds) => chosen.ids.length + rejected.ids.length;
  const longest = pairs
    .slice()
    .sort((a, b) => length(b) - length(a))
    .slice(0, count);
  const sides = sidesOf(longest).map(({ ids, weights, promptLength }) => ({
    ids,
    weights: everything ? new Float32Array(ids.length).fill(1, promptLength) : weights,
  }));
  const { ids, slots, groups } = packWeighted(sides);
  return {
    tokens: ids.length,
    slots: slots.length,
    scores: groups.reduce((sum, { rows, length }) => sum + rows * length ** 2, 0),
    targets: sides.reduce((sum, { weights }) => sum + unmaskedTokens(weights), 0),
  };
}

/** How large the training in a tab is. */
import type { Recipe } from "./protocol";

/** Twenty steps that a tab takes in about a minute. */
export const tabRecipe: Recipe = { pairs: 160, k: 4, batch: 8, epochs: 1 };

export function stepsOf({ pairs, batch, epochs }: Recipe): number {
  return Math.ceil(pairs / batch) * epochs;
}

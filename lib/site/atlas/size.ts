/** How large the training in a tab is. */
import type { Size } from "./protocol";

/** Twenty steps that a tab takes in about a minute. */
export const tabSize: Size = { pairs: 160, k: 4, batch: 8, epochs: 1 };

export function stepsOf({ pairs, batch, epochs }: Size): number {
  return Math.ceil(pairs / batch) * epochs;
}

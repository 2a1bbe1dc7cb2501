/** The smallest training that has two steps. */
import type { Recipe } from "../../lib/site/atlas/protocol";

export const smallest: Recipe = { pairs: 6, k: 3, batch: 3, epochs: 1 };

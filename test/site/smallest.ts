/** The smallest training that has two steps. */
import type { Size } from "../../lib/site/atlas/protocol";

export const smallest: Size = { pairs: 6, k: 3, batch: 3, epochs: 1 };

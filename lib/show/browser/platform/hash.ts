/** Stands for lib/base/hash in a browser: only pieces of one's own have hashes there, and those are made in Node. */
import type * as Node from "../../../base/hash";

export const sha256: typeof Node.sha256 = () => {
  throw new Error("sha256: expected Node, got a browser; define masks, objectives and annotators of your own there");
};

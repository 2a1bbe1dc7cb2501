/**
 * Atlas, the miniature world: topics and questions by split (counts of paper §3.1: 2682 topics x 3 = 8046 training,
 * 177 test, 183 out-of-domain questions; 177 validation questions are ours, for choosing hyperparameters).
 */
import type { Asking } from "./agenda";
import { atlasOf, type Atlas } from "./atlasOf";
import { atlasFolder, readFacts } from "./facts";

export type { Atlas };

const cached = new Map<Asking, Atlas>();

/**
 * Reads and checks data/atlas once per process.
 * @param asking whether its questions say which facts to state @throws UserError with file and line for bad data
 */
export function loadAtlas(asking: Asking = "free"): Atlas {
  const atlas = cached.get(asking) ?? atlasFrom(atlasFolder, asking);
  cached.set(asking, atlas);
  return atlas;
}

/** Atlas from another folder of facts, uncached. */
export function atlasFrom(folder: string, asking: Asking = "free"): Atlas {
  return atlasOf(readFacts(folder), folder, asking);
}

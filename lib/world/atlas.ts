/**
 * Atlas, the miniature world: topics and questions by split (counts of paper §3.1: 2682 topics x 3 = 8046 training,
 * 177 test, 183 out-of-domain questions; 177 validation questions are ours, for choosing hyperparameters).
 */
import { atlasOf, type Atlas } from "./atlasOf";
import { atlasFolder, readFacts } from "./facts";

export type { Atlas };

let cached: Atlas | undefined;

/** Reads and checks data/atlas once per process. @throws UserError with file and line for bad data */
export function loadAtlas(): Atlas {
  cached ??= atlasFrom(atlasFolder);
  return cached;
}

/** Atlas from another folder of facts, uncached. */
export function atlasFrom(folder: string): Atlas {
  return atlasOf(readFacts(folder), folder);
}

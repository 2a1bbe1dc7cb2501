/** One reader that is given spoilt files. */
import type { Kind } from "./mutate";

export interface Target {
  name: string;
  /** Fills an empty folder with files that it reads. */
  prepare: (dir: string) => void;
  /** Those that are spoilt, one at a time. */
  files: Readonly<Record<string, Kind>>;
  /** What may come into texts, because this reader gives it a meaning. */
  words?: readonly string[];
  /** Reads them all, as a verb would. */
  read: (dir: string) => unknown;
}

/** What became of a case. */
export interface Outcome {
  target: string;
  /** Of the target's cases. */
  number: number;
  /** Of the files, which is kept. */
  file: string;
  /** What was wrong, or undefined. */
  wrong?: string;
}

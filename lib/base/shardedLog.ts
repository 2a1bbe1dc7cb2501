/**
 * A growing file that several clients share: each appends to a file of its own in one folder,
 * `<name>.<i>-of-<n>.jsonl`, and reads everybody's. Work is dealt out by the hash of a row's name (`inShard`), so
 * clients that use the same n never do the same work, and a later run, with whatever n, finds all that was done.
 */
import { readdirSync } from "node:fs";
import path from "node:path";
import { sha256 } from "./hash";
import { JsonlLog, readFinishedRows, type RowSchema } from "./jsonl";

/** One client's share: the index-th of `of`, from 1. */
export interface Shard {
  index: number;
  of: number;
}
export const wholeShard: Shard = { index: 1, of: 1 };

/** Whether the work of this name is the shard's; names are spread evenly, and always alike. */
export function inShard(name: string, { index, of }: Shard): boolean {
  return parseInt(sha256(name).slice(0, 12), 16) % of === index - 1;
}

/** "2/8" as a shard; undefined for anything else. */
export function parseShard(text: string): Shard | undefined {
  const [index, of] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).slice(1).map(Number);
  return index && of && index <= of ? { index, of } : undefined;
}

export class ShardedLog<T> {
  private readonly own: JsonlLog<T>;
  private readonly others: T[];

  /** @throws UserError when another process writes this shard */
  constructor(dir: string, name: string, shard: Shard, schema: RowSchema<T>) {
    const file = path.join(dir, `${name}.${shard.index}-of-${shard.of}.jsonl`);
    this.own = new JsonlLog(file, schema);
    try {
      this.others = readShards(dir, name, schema, path.basename(file));
    } catch (error) {
      this.own.close();
      throw error;
    }
  }

  /** What all clients had done when this one opened the log, and what it did since. */
  get rows(): T[] {
    return [...this.others, ...this.own.rows];
  }

  append(row: T): void {
    this.own.append([row]);
  }

  close(): void {
    this.own.close();
  }
}

/** The rows of all shards, in the order of their files; a line that its writer has not finished is left out. */
export function readShards<T>(dir: string, name: string, schema: RowSchema<T>, except?: string): T[] {
  const isShard = (file: string): boolean =>
    file.startsWith(`${name}.`) && /^\d+-of-\d+\.jsonl$/.test(file.slice(name.length + 1));
  return readdirSync(dir)
    .filter((file) => isShard(file) && file !== except)
    .sort()
    .flatMap((file) => readFinishedRows(path.join(dir, file), schema));
}

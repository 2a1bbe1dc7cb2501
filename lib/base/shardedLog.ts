/**
 * A growing file that several clients share: each appends to a file of its own in one folder,
 * `<name>.<i>-of-<n>.jsonl`, and reads everybody's. Work is dealt out by the hash of a row's name (`inShard`), so
 * clients that use the same n never do the same work, and a later run, with whatever n, finds all that was done.
 *
 * A file has one writer at a time: `<file>.lock` names its host and process. The lock of a process of this host that is
 * gone is taken over; one of another host has to be deleted by hand.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError } from "./check";
import { sha256 } from "./hash";
import { JsonlLog, parseJson, parseRow, type RowSchema } from "./jsonl";

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
  private readonly lock: string;
  private readonly others: T[];

  /** @throws UserError when another process writes this shard */
  constructor(dir: string, name: string, shard: Shard, schema: RowSchema<T>) {
    mkdirSync(dir, { recursive: true });
    const file = path.join(dir, `${name}.${shard.index}-of-${shard.of}.jsonl`);
    this.lock = `${file}.lock`;
    takeLock(this.lock);
    try {
      this.own = new JsonlLog(file, schema);
      this.others = readShards(dir, name, schema, path.basename(file));
    } catch (error) {
      releaseLock(this.lock);
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
    releaseLock(this.lock);
  }
}

/** The rows of all shards, in the order of their files; a line that its writer has not finished is left out. */
export function readShards<T>(dir: string, name: string, schema: RowSchema<T>, except?: string): T[] {
  const isShard = (file: string): boolean =>
    file.startsWith(`${name}.`) && /^\d+-of-\d+\.jsonl$/.test(file.slice(name.length + 1));
  return readdirSync(dir)
    .filter((file) => isShard(file) && file !== except)
    .sort()
    .flatMap((file) => {
      const bytes = readFileSync(path.join(dir, file));
      const lines = bytes
        .subarray(0, bytes.lastIndexOf(10) + 1)
        .toString("utf8")
        .split("\n");
      return lines.flatMap((text, i): T[] => {
        const where = `${path.join(dir, file)}:${i + 1}`;
        return text ? [parseRow(schema, parseJson(text, where), where)] : [];
      });
    });
}

/** Locks of this process. */
const held = new Set<string>();

/** @throws UserError when another process has it */
function takeLock(lock: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, `${process.pid} on ${os.hostname()}`, { flag: "wx" });
      held.add(lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderOf(lock);
    if (holder !== undefined && !isGone(holder, lock)) throw busy(lock, holder);
    const aside = `${lock}.${process.pid}`;
    try {
      renameSync(lock, aside);
    } catch {
      continue; // its holder has just let go
    }
    const moved = holderOf(aside);
    if (moved !== holder) {
      renameSync(aside, lock); // somebody took it over first
      throw busy(lock, moved);
    }
    rmSync(aside);
  }
  throw busy(lock, holderOf(lock));
}

function releaseLock(lock: string): void {
  rmSync(lock, { force: true });
  held.delete(lock);
}

function holderOf(lock: string): string | undefined {
  return existsSync(lock) ? readFileSync(lock, "utf8") : undefined;
}

function busy(lock: string, holder = ""): UserError {
  return new UserError({
    where: lock,
    expected: "no other process at work on this shard",
    got: `process ${holder || "unknown"}`,
    fix: "Give every client its own --shard i/n; if that process is gone, delete this file.",
  });
}

/** Of this host and no longer running. Our own number is that of an earlier process unless we hold the lock. */
function isGone(holder: string, lock: string): boolean {
  const [pid, host] = holder.split(" on ");
  if (host !== os.hostname()) return false;
  if (Number(pid) === process.pid) return !held.has(lock);
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EPERM";
  }
}

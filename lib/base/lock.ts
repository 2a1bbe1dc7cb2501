/**
 * One writer at a time of a file or folder, on this machine and on others that share the disk: `<target>.mask-dpo-lock`
 * (proper-lockfile's folder) names host and process of its holder. The lock of a process of this host that is gone is
 * taken over at once, whatever ended it; one of another host once its holder has not touched it for long.
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import lockfile from "proper-lockfile";
import { UserError } from "./check";
import { makeFolder, realTarget } from "./files";
import { notice } from "./notice";

/** A holder touches its lock every ten seconds, but a step on a large model may let nothing else run for long. */
const staleMs = 3_600_000;
const touchMs = 10_000;

export interface Lock {
  /** @throws UserError where another process has taken it over */
  check: () => void;
  release: () => void;
}

/** Locks of this process. */
const held = new Set<string>();

/** @param target file or folder to write, which need not be there yet @throws UserError when another writer has it */
export function takeLock(target: string): Lock {
  const file = realTarget(target);
  const lock = lockOf(file);
  makeFolder(path.dirname(file));
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const unlock = lockfile.lockSync(file, {
        lockfilePath: lock,
        realpath: false,
        stale: staleMs,
        update: touchMs,
        fs: named,
        onCompromised: () => undefined, // `check` sees it
      });
      held.add(lock);
      return {
        check: () => {
          if (holderOf(lock) !== self) throw busy(target, lock, holderOf(lock));
        },
        release: () => {
          held.delete(lock);
          if (holderOf(lock) === self) unlock();
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
    }
    const holder = holderOf(lock);
    if (!isGone(holder, lock)) throw busy(target, lock, holder);
    takeAway(lock, holder);
  }
  throw busy(target, lock, holderOf(lock));
}

/** What `work` returns, done under the lock of `target`. @throws UserError as `takeLock` */
export function underLock<T>(target: string, work: () => T): T {
  const lock = takeLock(target);
  try {
    return work();
  } finally {
    lock.release();
  }
}

/** What `work`, which takes a lock, comes to when its turn has come: while another holds the lock, it is waited for. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      notice(`waiting: ${error.message}`);
      await sleep(200);
    }
  }
}

/** Whether another process, or this one, writes it now. */
export function isLocked(target: string): boolean {
  const lock = lockOf(realTarget(target));
  return existsSync(lock) && !isGone(holderOf(lock), lock);
}

const lockOf = (file: string): string => `${file}.mask-dpo-lock`;

const asideOf = (lock: string): string => `${lock}.${process.pid}.tmp`;

const self = `${process.pid} on ${os.hostname()}`;
const remove = (lock: string): void => rmSync(lock, { recursive: true, force: true });
const isStale = (lock: string): boolean =>
  Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > staleMs;

/**
 * proper-lockfile's folders are empty; ours come and go with their holder's name in them, in one step: one without a
 * name is nobody's, whenever a process was killed.
 */
const named = {
  realpathSync,
  statSync,
  utimesSync,
  mkdirSync(lock: string) {
    if (existsSync(lock)) throw new Taken();
    const aside = asideOf(lock);
    try {
      mkdirSync(aside, { recursive: true });
      writeFileSync(path.join(aside, "holder"), self);
      renameSync(aside, lock);
    } catch (error) {
      remove(aside);
      throw existsSync(lock) ? new Taken() : error;
    }
  },
  rmdirSync(lock: string) {
    const holder = holderOf(lock);
    if (holder === self || isStale(lock)) takeAway(lock, holder); // else somebody took ours over
  },
};

/** What proper-lockfile expects of a folder that is there. */
class Taken extends Error {
  readonly code = "EEXIST";
}

/** Undefined where nobody is named. */
function holderOf(lock: string): string | undefined {
  try {
    return readFileSync(path.join(lock, "holder"), "utf8") || undefined;
  } catch {
    return undefined;
  }
}

/** Whether nobody can hold it any more. Our own number is that of an earlier process unless we hold the lock. */
function isGone(holder: string | undefined, lock: string): boolean {
  if (holder === undefined) return true;
  const [pid, host] = holder.split(" on ");
  if (host !== os.hostname()) return false;
  if (Number(pid) === process.pid) return !held.has(lock);
  return !isAlive(Number(pid));
}

/** Whether a process of this number runs here. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes a lock, unless somebody else was quicker and it is theirs by now. */
function takeAway(lock: string, holder: string | undefined): void {
  const aside = asideOf(lock);
  remove(aside); // an earlier process of our number may have left it
  try {
    renameSync(lock, aside);
  } catch {
    return; // its holder has just let go
  }
  if (holderOf(aside) !== holder) renameSync(aside, lock);
  else remove(aside);
}

/** Somebody else is at work on it. */
class Busy extends UserError {}

function busy(target: string, lock: string, holder = "nobody yet"): Busy {
  return new Busy({
    where: target,
    expected: "no other process at work on it",
    got: `process ${holder}, which holds ${lock}`,
    fix: "Wait for its end, or name another output; if that process is gone, delete the lock.",
  });
}

/**
 * One writer at a time of a file or folder, on this machine and on others that share the disk: `<target>.mask-dpo-lock`
 * (proper-lockfile's folder) holds one file, whose name is process and host of its holder. The lock of a process of
 * this host that is gone is taken over at once, whatever ended it; another's once it has not been touched for long.
 */
import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
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
  try {
    const unlock = lockfile.lockSync(file, {
      lockfilePath: lock,
      realpath: false,
      stale: Infinity, // `isGone` judges
      update: touchMs,
      fs: named,
      onCompromised: () => undefined, // `check` sees it
    });
    held.add(lock);
    return {
      check: () => {
        if (holderOf(lock) !== self) throw busy(target, lock);
      },
      release: () => {
        held.delete(lock);
        if (holderOf(lock) === self) unlock();
      },
    };
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ELOCKED" ? busy(target, lock) : error;
  }
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
  const holder = holderOf(lock);
  return holder !== undefined && !isGone(holder, lock);
}

const lockOf = (file: string): string => `${file}.mask-dpo-lock`;

const self = `${process.pid} on ${os.hostname()}`;

/**
 * Each step is one renaming, which one process succeeds with: a lock comes and goes with its holder's name in it, and
 * is taken over by renaming that name, which is there no more once another was quicker.
 */
const named = {
  realpathSync,
  statSync,
  utimesSync,
  mkdirSync(lock: string) {
    for (let attempt = 0; attempt < 3; attempt++) {
      const holder = holderOf(lock);
      const isOurs =
        holder === undefined
          ? isPlaced(lock)
          : isGone(holder, lock) && isMoved(path.join(lock, holder), path.join(lock, self));
      if (isOurs) return;
    }
    throw new Taken();
  },
  rmdirSync(lock: string) {
    const aside = asideOf(lock);
    if (holderOf(lock) === self && isMoved(lock, aside)) remove(aside); // else somebody took ours over
  },
};

/** What proper-lockfile expects of a folder that is there. */
class Taken extends Error {
  readonly code = "EEXIST";
}

const asideOf = (lock: string): string => `${lock}.${process.pid}.tmp`;
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** Makes a lock of ours, unless another's is there. */
function isPlaced(lock: string): boolean {
  const aside = asideOf(lock);
  try {
    mkdirSync(aside, { recursive: true }); // an earlier process of our number may have left it
    writeFileSync(path.join(aside, self), "");
    return isMoved(aside, lock);
  } finally {
    remove(aside);
  }
}

/** Renames it, unless it is there no more or the new name is another's. */
function isMoved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Undefined where there is no lock, or one without a name, which is nobody's. */
function holderOf(lock: string): string | undefined {
  try {
    return readdirSync(lock)[0];
  } catch {
    return undefined;
  }
}

/** Whether it can hold the lock no more. Our own number is that of an earlier process unless we hold it. */
function isGone(holder: string, lock: string): boolean {
  const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity; // it may have let go just now
  if (Date.now() - touched > staleMs) return true;
  const [pid, host] = holder.split(" on ");
  if (host !== os.hostname()) return false;
  return Number(pid) === process.pid ? !held.has(lock) : !isAlive(Number(pid));
}

/** Whether a process of this number runs here. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Somebody else is at work on it. */
class Busy extends UserError {}

function busy(target: string, lock: string): Busy {
  return new Busy({
    where: target,
    expected: "no other process at work on it",
    got: `process ${holderOf(lock) ?? "of no name"}, which holds ${lock}`,
    fix: "Wait for its end, or name another output; if that process is gone, delete the lock.",
  });
}

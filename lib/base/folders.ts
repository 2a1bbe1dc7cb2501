/**
 * Output folders. Each holds a record of what was written into it, mask-dpo-files.json, and only what that names is
 * ever replaced: a folder, or a file in one, that somebody else put there stays.
 */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { UserError, brief } from "./check";
import { makeFolder, realTarget, writeFileAtomic } from "./files";
import { sha256File } from "./hash";
import { parseJson, parseRow } from "./jsonl";
import { readText } from "./textFile";
import { isLocked, underLock } from "./lock";

/** Size and sha256 of the files of a folder, by path from it. */
export type FolderFiles = Record<string, { bytes: number; sha256: string }>;

export const folderRecord = "mask-dpo-files.json";
const fileSchema = z.object({ bytes: z.number(), sha256: z.string() }).strict();
export const folderFilesSchema = z.record(fileSchema);
const recordSchema = z.object({ files: folderFilesSchema }).strict();

/**
 * Atomic write of a folder, under its lock: `write` fills a sibling, which then takes the place of `dir`; what was
 * there stands until then.
 * @param check throws for a folder that may not be replaced: `checkFolder`, as a rule
 * @returns what it holds, without the record
 * @throws UserError as `check`, or when another process writes it
 */
export function writeFolderAtomic(
  dir: string,
  check: (dir: string) => void,
  write: (next: string) => void,
): FolderFiles {
  return underLock(dir, () => {
    restore(dir);
    check(dir);
    const { target, next, previous } = siblings(dir);
    rmSync(next, { recursive: true, force: true });
    makeFolder(next);
    try {
      write(next);
      const files = record(next, filesIn(next));
      if (existsSync(target)) renameSync(target, previous);
      renameSync(next, target);
      rmSync(previous, { recursive: true, force: true });
      return files;
    } catch (error) {
      rmSync(next, { recursive: true, force: true });
      restore(dir);
      throw error;
    }
  });
}

/**
 * Whether a folder may be replaced: none is there, it is empty, or holds nothing but what its record names.
 * @param what what such a folder is called
 * @throws UserError naming what else is there
 */
export function checkFolder(dir: string, what: string): void {
  if (!existsSync(dir)) return;
  const stray = statSync(dir).isDirectory() ? strayIn(dir) : "a file";
  if (stray === undefined) return;
  throw new UserError({
    where: dir,
    expected: `no folder, an empty one or ${what} to replace`,
    got: stray,
    fix: "Choose another output, or move that away.",
  });
}

function strayIn(dir: string): string | undefined {
  const named = recordOf(dir);
  const stray = filesIn(dir).find((name) => name !== folderRecord && !(named && name in named));
  return stray === undefined ? undefined : `a folder of other files: ${folderRecord} in it names no ${brief(stray)}`;
}

/**
 * Whether a folder may be added to: none is there, it is empty, or some files in it are ours.
 * @throws UserError otherwise
 */
export function checkShared(dir: string, what: string): void {
  if (!existsSync(dir) || existsSync(path.join(dir, folderRecord)) || filesIn(dir).length === 0) return;
  throw new UserError({
    where: dir,
    expected: `no folder, an empty one or ${what}`,
    got: `a folder of other files, without a ${folderRecord}`,
    fix: "Choose another output.",
  });
}

/**
 * Writes files into a folder that may hold others: each replaces nothing but what an earlier call wrote there.
 * @param files what each holds, by path from the folder
 * @throws UserError as `claimNames`
 */
export function writeFilesInto(dir: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  underLock(path.join(dir, folderRecord), () => {
    const names = claimNames(dir, [...files.keys()]); // first: a process killed in between has said whose they are
    for (const [name, content] of files) writeFileAtomic(path.join(dir, name), content);
    record(
      dir,
      names.filter((name) => existsSync(path.join(dir, name))),
    );
  });
}

/**
 * Records names in a folder as ours, whether or not they are there yet.
 * @returns all that are
 * @throws UserError where something else has one of them
 */
export function claimNames(dir: string, names: readonly string[]): string[] {
  const named = recordOf(dir) ?? {};
  const stray = names.find((name) => !(name in named) && existsSync(path.join(dir, name)));
  if (stray !== undefined)
    throw new UserError({
      where: path.join(dir, stray),
      expected: `nothing there, or what ${folderRecord} beside it names`,
      got: "something else",
      fix: "Choose another output folder, or move that away.",
    });
  const all = { ...named, ...Object.fromEntries(names.map((name) => [name, unwritten])) };
  writeRecord(dir, all);
  return Object.keys(all);
}

const unwritten = { bytes: 0, sha256: "" };

/** The files of a folder as its record has them. @throws UserError for one that is damaged */
function recordOf(dir: string): FolderFiles | undefined {
  const file = path.join(dir, folderRecord);
  return existsSync(file) ? parseRow(recordSchema, parseJson(readText(file), file), file).files : undefined;
}

/** Writes the record of these files. @returns it */
function record(dir: string, names: readonly string[]): FolderFiles {
  const files = Object.fromEntries(names.map((name) => [name, facts(path.join(dir, name))]));
  writeRecord(dir, files);
  return files;
}

function writeRecord(dir: string, files: FolderFiles): void {
  writeFileAtomic(path.join(dir, folderRecord), `${JSON.stringify({ files }, null, 2)}\n`);
}

const facts = (file: string) => ({ bytes: statSync(file).size, sha256: sha256File(file) });

/** Whether a folder still holds these files, byte by byte. */
export function holds(dir: string, files: FolderFiles): boolean {
  return Object.entries(files).every(([name, { bytes, sha256 }]) => {
    const file = path.join(dir, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() && stat.size === bytes && sha256File(file) === sha256;
  });
}

/** Everything below a folder that is no folder, and folders with nothing in them, by path from it with slashes. */
function filesIn(dir: string, below = ""): string[] {
  return readdirSync(path.join(dir, below), { withFileTypes: true })
    .flatMap((entry) => {
      const name = below ? `${below}/${entry.name}` : entry.name;
      if (!entry.isDirectory()) return [name];
      const inside = filesIn(dir, name);
      return inside.length > 0 ? inside : [name];
    })
    .sort();
}

/** A process killed between the two renames leaves the old folder beside its place: put it back. */
export function restoreFolder(dir: string): void {
  if (existsSync(siblings(dir).previous) && !isLocked(dir)) restore(dir);
}

function restore(dir: string): void {
  const { target, previous } = siblings(dir);
  if (!existsSync(previous)) return;
  if (existsSync(target)) rmSync(previous, { recursive: true, force: true });
  else renameSync(previous, target);
}

/** A link to a folder stays one. */
function siblings(dir: string): { target: string; next: string; previous: string } {
  const target = realTarget(dir);
  // names that nobody gives a copy of their own
  return { target, next: `${target}.mask-dpo-new`, previous: `${target}.mask-dpo-old` };
}

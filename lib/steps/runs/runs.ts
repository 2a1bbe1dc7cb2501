/**
 * The run folders below one root, to be listed, read, compared and removed. A run is `<kind>-<hash8>` or
 * `<kind>-<hash8>.run` with a run.json inside; the latter's output, the folder without `.run`, belongs to it. Nothing
 * else there is touched, and links are neither followed nor counted.
 */
import { sum } from "../../base/collections";
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  rmdirSync,
  type Stats,
} from "node:fs";
import path from "node:path";
import { UserError, brief } from "../../base/check";
import { parseJson } from "../../base/jsonl";
import { readText } from "../../base/textFile";
import { flat } from "../../base/runFolder";

export interface Run {
  /** as the folder is called */
  name: string;
  kind: string;
  hash: string;
  dir: string;
  /** the folder, and the output of a `.run` folder where it is there */
  parts: string[];
  /** regular files of both, by path from the root */
  files: { name: string; bytes: number }[];
  bytes: number;
  /** of the newest file, ms since 1970 */
  changed: number;
  /** undefined where run.json cannot be read; `problem` says why */
  key?: object;
  problem?: string;
}

const NAME = /^([a-z][a-z0-9-]*)-([0-9a-f]{8})(\.run)?$/;
/** A run.json is a few hundred bytes; a file of this size is something else. */
const MOST_BYTES = 1_000_000;
export const DAY = 86_400_000;

/** Every run below `root`, newest first. */
export function listRuns(root: string, kind?: string): Run[] {
  if (!existsSync(root)) return [];
  const runs = readdirSync(root).flatMap((name) => readRun(root, name) ?? []);
  return runs
    .filter((run) => kind === undefined || run.kind === kind)
    .sort((a, b) => b.changed - a.changed || (a.name < b.name ? -1 : 1));
}

/** @param prefix of the hash or of the folder's name @throws UserError when none or several begin so */
export function findRun(root: string, prefix: string): Run {
  const runs = listRuns(root);
  const exact = runs.filter(({ name }) => name === prefix);
  const found =
    exact.length > 0 || prefix === ""
      ? exact
      : runs.filter(({ name, hash }) => hash.startsWith(prefix) || name.startsWith(prefix));
  if (found.length === 1) return found[0]!;
  throw new UserError({
    where: root,
    expected: `one run whose hash or name begins with ${brief(prefix)}`,
    got:
      found.length === 0
        ? "none"
        : `${found.length}: ${found
            .slice(0, 5)
            .map(({ name }) => name)
            .join(", ")}${found.length > 5 ? ", …" : ""}`,
    fix: found.length === 0 ? "`mask-dpo runs ls` lists them." : "Give more of it.",
  });
}

/** Runs last written before `before` (ms since 1970). A damaged one is kept: what wrote it is not known. */
export function oldRuns(root: string, before: number, kind?: string): Run[] {
  return listRuns(root, kind).filter(({ changed, key }) => key !== undefined && changed < before);
}

/** Removes a run; the output goes first and run.json last, so that a removal cut short can be taken up again. */
export function removeRun({ dir, parts }: Run): void {
  for (const part of parts.filter((folder) => folder !== dir)) rmSync(part, { recursive: true });
  for (const name of readdirSync(dir).filter((name) => name !== "run.json"))
    rmSync(path.join(dir, name), { recursive: true });
  rmSync(path.join(dir, "run.json"));
  rmdirSync(dir);
}

export function sizeText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB"][power]}`;
}

function readRun(root: string, name: string): Run | undefined {
  const [, kind, hash, beside] = NAME.exec(name) ?? [];
  const dir = path.join(root, name);
  const file = path.join(dir, "run.json");
  if (kind === undefined || hash === undefined || !statOf(dir)?.isDirectory() || !statOf(file)) return undefined;
  const output = path.join(root, `${kind}-${hash}`);
  const parts =
    beside && statOf(output)?.isDirectory() && !statOf(path.join(output, "run.json")) ? [dir, output] : [dir];
  const found = parts.flatMap(filesBelow).sort((a, b) => (a.file < b.file ? -1 : 1));
  return {
    name,
    kind,
    hash,
    dir,
    parts,
    ...readKey(file),
    files: found.map(({ file, stat }) => ({ name: path.relative(root, file), bytes: stat.size })),
    bytes: sum(found.map(({ stat }) => stat.size)),
    changed: Math.max(statOf(dir)!.mtimeMs, ...found.map(({ stat }) => stat.mtimeMs)),
  };
}

function readKey(file: string): Pick<Run, "key" | "problem"> {
  if (!isRegular(file)) return { problem: "damaged: run.json is no file" };
  const { size } = statOf(file)!;
  if (size > MOST_BYTES) return { problem: `damaged: run.json has ${sizeText(size)}` };
  try {
    const key = parseJson(readText(file), file);
    if (key === null || typeof key !== "object" || Array.isArray(key))
      return { problem: "damaged: run.json holds no object" };
    flat(key); // nested too deep for whoever reads it next
    return { key };
  } catch {
    return { problem: "damaged: run.json is not JSON" };
  }
}

export function keyOf({ key, dir, problem }: Run): object {
  if (key) return key;
  throw new UserError({
    where: path.join(dir, "run.json"),
    expected: "the configuration of a run",
    got: problem!,
    fix: "Delete the folder by hand if it is not needed.",
  });
}

function statOf(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}

export function isRegular(file: string): boolean {
  return statOf(file)?.isFile() ?? false;
}

function filesBelow(dir: string): { file: string; stat: Stats }[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(file);
    const stat = entry.isFile() ? statOf(file) : undefined; // it may be gone by now
    return stat ? [{ file, stat }] : [];
  });
}

/** Calls `work` with each block of a file, or of its last `tail` bytes. */
export function readBlocks(file: string, work: (block: Buffer) => void, tail?: number): void {
  const fd = openSync(file, "r");
  try {
    const block = Buffer.alloc(1 << 16);
    let at = tail === undefined ? 0 : Math.max(0, lstatSync(file).size - tail);
    for (let read = 1; (read = readSync(fd, block, 0, block.length, at)) > 0; at += read) work(block.subarray(0, read));
  } finally {
    closeSync(fd);
  }
}

/** Files are written whole or not at all: to a sibling temporary file first, then renamed over the target. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { UserError } from "./check";

/** The project root: the nearest folder above this file that holds package.json. */
export const projectRoot: string = (() => {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, "package.json"))) return dir;
    if (dir === path.dirname(dir)) throw new Error(`projectRoot: no package.json above ${__dirname}`);
  }
})();

/** What a Node process that runs TypeScript preloads: `node --require <this> file.ts`. */
export const typescriptLoader = path.join(projectRoot, "lib/base/typescript.cjs");

/** The version in a package.json below the project root: the project's own, or that of a package it uses. */
export function versionIn(file: string): string {
  return (require(path.join(projectRoot, file)) as { version: string }).version;
}

/** Atomic write: after a crash or on a full disk the old content stands, and no temporary file is left by an error. */
export function writeFileAtomic(file: string, content: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const tmp = `${file}.${process.pid}.tmp`;
  try {
    const fd = openSync(tmp, "w");
    try {
      const chunks =
        typeof content === "string" ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
      for (const chunk of chunks)
        for (let done = 0; done < chunk.length;)
          done += writeSync(fd, chunk, done, Math.min(chunk.length - done, 1 << 30)); // one call writes less than 2 GiB
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(tmp, file);
  } catch (error) {
    rmSync(tmp, { force: true });
    throw error;
  }
}

/**
 * Atomic write of a folder: `write` fills a sibling, which then takes the place of `dir`; what was there stands until
 * then.
 * @param kind the file that every folder of this kind has, and what such a folder is called
 * @throws UserError when `dir` holds something else
 */
export function writeFolderAtomic(
  dir: string,
  { marker, what }: { marker: string; what: string },
  write: (next: string) => void,
): void {
  restoreFolder(dir);
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(path.join(dir, marker))) {
    throw new UserError({
      where: dir,
      expected: `no folder, an empty one or ${what} to replace`,
      got: "a folder of other files",
      fix: "Choose another output folder.",
    });
  }
  const { next, previous } = siblings(dir);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next, { recursive: true });
  try {
    write(next);
    if (existsSync(dir)) renameSync(dir, previous);
    renameSync(next, dir);
    rmSync(previous, { recursive: true, force: true });
  } catch (error) {
    rmSync(next, { recursive: true, force: true });
    restoreFolder(dir);
    throw error;
  }
}

/** A process killed between the two renames leaves the old folder beside its place: put it back. */
export function restoreFolder(dir: string): void {
  const { previous } = siblings(dir);
  if (!existsSync(previous)) return;
  if (existsSync(dir)) rmSync(previous, { recursive: true, force: true });
  else renameSync(previous, dir);
}

function siblings(dir: string): { next: string; previous: string } {
  const base = path.resolve(dir);
  // names that nobody gives a copy of their own
  return { next: `${base}.mask-dpo-new`, previous: `${base}.mask-dpo-old` };
}

/** Files are written whole or not at all: to a sibling temporary file first, then renamed over the target. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
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

/** What a path leads to once links are followed, whether or not the last of it is there. */
export function realTarget(file: string): string {
  const full = path.resolve(file);
  try {
    return realpathSync.native(full);
  } catch {
    if (path.dirname(full) === full) return full;
  }
  const dir = realTarget(path.dirname(full));
  const here = path.join(dir, path.basename(full));
  const link = lstatSync(here, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(here) : undefined;
  return link === undefined ? here : realTarget(path.resolve(dir, link));
}

/** Whether something is there that is written to rather than replaced: a device, a pipe, another process's stream. */
export function isStream(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return false;
  return !(stat.isFile() || stat.isDirectory()) || /^\/(dev|proc)\//.test(path.resolve(file));
}

/**
 * Makes a folder and those above it. One by one: of a disk that cannot be written, Node's own `recursive` says that
 * something does not exist.
 */
export function makeFolder(dir: string): void {
  const missing: string[] = [];
  for (let at = path.resolve(dir); !existsSync(at); at = path.dirname(at)) missing.unshift(at);
  for (const folder of missing) {
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was quicker
    }
  }
}

type Content = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Atomic write: after a crash or on a full disk the old content stands, and no temporary file is left by an error. A
 * link stays, and its target gets the content; a device or a pipe is written to.
 * @throws UserError where a folder is
 */
export function writeFileAtomic(file: string, content: Content): void {
  if (isStream(file)) return writeInto(file, content, false);
  const target = realTarget(file);
  if (statSync(target, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError({
      where: file,
      expected: "a file, or nothing there yet",
      got: "a folder",
      fix: "Choose another output.",
    });
  makeFolder(path.dirname(target));
  const tmp = `${target}.${process.pid}.tmp`;
  try {
    writeInto(tmp, content, true);
    renameSync(tmp, target);
  } catch (error) {
    rmSync(tmp, { force: true });
    throw error;
  }
}

function writeInto(file: string, content: Content, sync: boolean): void {
  const fd = openSync(file, "w");
  try {
    const chunks =
      typeof content === "string" ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
    for (const chunk of chunks)
      for (let done = 0; done < chunk.length;)
        done += writeSync(fd, chunk, done, Math.min(chunk.length - done, 1 << 30)); // one call writes less than 2 GiB
    if (sync) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

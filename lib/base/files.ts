/** Files are written whole or not at all: to a sibling temporary file first, then renamed over the target. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

/** The project root: the nearest folder above this file that holds package.json. */
export const projectRoot: string = (() => {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, "package.json"))) return dir;
    if (dir === path.dirname(dir)) throw new Error(`projectRoot: no package.json above ${__dirname}`);
  }
})();

/** Atomic write: after a crash or on a full disk the old content stands, and no temporary file is left by an error. */
export function writeFileAtomic(file: string, content: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  const tmp = `${file}.${process.pid}.tmp`;
  try {
    const fd = openSync(tmp, "w");
    try {
      const chunks = typeof content === "string" ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
      for (const chunk of chunks) for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
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

// Preloaded into a child: SIGKILLs it in the middle of one disk operation, named by KILL_AT = "<what> <file name>
// <nth>".
// what: "write" (half of the bytes are written), "rename" (before it), "renamed" (after it), "rm" (before it).
import fs from "node:fs";
import { basename } from "node:path";

const [what, name, nth] = (process.env.KILL_AT ?? "none - 0").split(" ");
/** @type {Map<number, fs.PathLike>} */
const paths = new Map();
let seen = 0;

/** @param {string} kind @param {fs.PathLike} path */
function moment(kind, path) {
  if (kind !== what || basename(String(path)).replace(/\.\d+\.tmp$/, "") !== name) return false;
  seen += 1;
  return seen === Number(nth);
}

function die() {
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal is on its way: nothing may happen before it arrives
}

const { openSync, writeSync, renameSync, rmSync } = fs;
fs.openSync = (path, ...rest) => {
  const fd = openSync(path, ...rest);
  paths.set(fd, path);
  return fd;
};
/** @type {(fd: number, buffer: Uint8Array, offset?: number, length?: number, position?: number | null) => number} */
const writeOrDie = (fd, buffer, offset = 0, length = buffer.length - offset, position = null) => {
  const path = paths.get(fd);
  if (path !== undefined && moment("write", path)) {
    writeSync(fd, buffer, offset, Math.ceil(length / 2), position);
    die();
  }
  return writeSync(fd, buffer, offset, length, position);
};
fs.writeSync = /** @type {typeof fs.writeSync} */ (writeOrDie);
fs.renameSync = (from, to) => {
  if (moment("rename", from)) die();
  renameSync(from, to);
  if (moment("renamed", from)) die();
};
fs.rmSync = (path, options) => {
  if (moment("rm", path)) die();
  rmSync(path, options);
};

/** What the command line says of an error: one line, and never a stack. */
import path from "node:path";
import { UserError } from "../base/check";
import { projectRoot } from "../base/files";

/** @param output what the command was writing: a full disk does not say which file it was */
export function explain(thrown: unknown, output?: string): string {
  const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error.name === "UserError" || error.name === "RunInterrupted") return error.message;
  if (error.code && error.syscall) return ofSystem(error, output).message;
  return (tooLarge(error) ?? ownMistake(error)).message;
}

/** What of a disk or a system call. */
function ofSystem(error: NodeJS.ErrnoException, output: string | undefined): UserError {
  const full = error.code === "ENOSPC" || error.code === "EDQUOT";
  const readOnly = error.code === "EROFS";
  return new UserError({
    where: error.path ?? output,
    expected: full ? "space to write to" : readOnly ? "a disk that can be written" : `to ${error.syscall} it`,
    got: oneLine(error.message),
    fix: full
      ? "Free some space and run the same command again: what was already written is kept."
      : "Check the path and its permissions.",
  });
}

const memory = new RegExp(
  "allocation failed|invalid (typed )?array (buffer )?length|invalid string length|" +
    "out of memory|bad_alloc|\\bOOM\\b|memory access out of bounds",
  "i",
);

function tooLarge(error: NodeJS.ErrnoException): UserError | undefined {
  const deep = /call stack/i.test(error.message);
  const codes = [
    "ERR_STRING_TOO_LONG",
    "ERR_FS_FILE_TOO_LARGE",
    "ERR_BUFFER_TOO_LARGE",
    "ERR_MEMORY_ALLOCATION_FAILED",
  ];
  if (!deep && !memory.test(error.message) && !codes.includes(error.code ?? "")) return undefined;
  return new UserError({
    expected: deep ? "input that is nested less deep" : "what one process can hold",
    got: named(error),
    fix: "Check that the files are the right ones; else divide them, or ask for less at a time.",
  });
}

/** Where nothing that was foreseen went wrong, the place in our code is what helps whoever mends it. */
function ownMistake(error: Error): UserError {
  const frame = error.stack?.split("\n").find((line) => line.includes(projectRoot) && !line.includes("node_modules"));
  const place = /\(?([^\s(]+:\d+):\d+\)?$/.exec(frame ?? "")?.[1];
  return new UserError({
    expected: "no error that mask-dpo does not know",
    got: named(error) + (place ? ` at ${path.relative(projectRoot, place)}` : ""),
    fix: "Please report this line and the command to whoever you have mask-dpo-lab from.",
  });
}

const named = (error: Error): string => oneLine(`${error.name}: ${error.message}`);
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 500);

/** What the command line says of an error. */
import { UserError } from "../base/check";

/**
 * One message for whatever a user can cause; a stack for our own mistakes only.
 * @param output what the command was writing: a full disk does not say which file it was
 */
export function explain(error: NodeJS.ErrnoException, output: string | undefined): string {
  if (error.name === "UserError" || error.name === "RunInterrupted") return error.message;
  if (!error.code || !error.syscall) return error.stack ?? error.message;
  const full = error.code === "ENOSPC" || error.code === "EDQUOT";
  return new UserError({
    where: error.path ?? output,
    expected: full ? "space to write to" : `to ${error.syscall} it`,
    got: error.message,
    fix: full
      ? "Free some space and run the same command again: what was already written is kept."
      : "Check the path and its permissions.",
  }).message;
}

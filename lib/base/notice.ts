/**
 * What a user should know though nothing failed: said once in a process, on stderr. Workers keep quiet, as the process
 * that started them has said it.
 */
import { isWorker } from "./workers";

const said = new Set<string>();

export function notice(text: string): void {
  if (isWorker || said.has(text)) return;
  said.add(text);
  process.stderr.write(`${text}\n`);
}

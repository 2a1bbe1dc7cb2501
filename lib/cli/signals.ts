/** How this process takes Ctrl-C and being told to end. */
import { complain } from "./options/flags";

let heard: (() => void) | undefined;

/** From now on a signal ends the process, unless a verb waits for one. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.on(signal, () => {
      const waiting = heard;
      heard = undefined;
      if (waiting) return waiting();
      complain("\ninterrupted: what was done is kept; run the same command again to go on\n");
      process.exit(code); // not killed: what is temporary is removed
    });
}

/** Waits for a signal, which then does not end the process; the next one does. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    heard = resolve;
  });
}

/** How this process takes Ctrl-C and being told to end. */
import type { StepLog } from "../align/trainOptions";
import { complain } from "./options/flags";

let heard: ((exitCode: number) => void) | undefined;

/** `timeout` sends a signal to the process and then to its group: that is one. */
const repeatMs = 1000;

/** From now on a signal ends the process, unless a verb waits for one. */
export function endOnSignals(): void {
  let taken = -Infinity;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.on(signal, () => {
      const now = performance.now();
      if (now - taken < repeatMs) return;
      // Node takes back what nohup asked for
      if (signal === "SIGHUP")
        complain("\nthe terminal was closed; `setsid -f COMMAND` works on behind it, nohup does not\n");
      const waiting = heard;
      heard = undefined;
      if (waiting) {
        taken = now;
        return waiting(code);
      }
      complain("\ninterrupted: what is finished is kept; run the same command again to go on\n");
      process.exit(code); // not killed: what is temporary is removed
    });
}

/** Waits for a signal, which then does not end the process; the next one does. @returns the exit code it asks for */
export function untilSignal(): Promise<number> {
  return new Promise((resolve) => {
    heard = resolve;
  });
}

/**
 * Work in steps that keeps what was done when the end of a step throws: from its first step on a signal ends it there.
 * @returns what it returns; undefined where a signal has ended it, which was said then. Either way the process ends
 * with the signal's exit code
 */
export async function endingAfterStep<T>(work: (onStep: (at: Step) => void) => Promise<T>): Promise<T | undefined> {
  let last: Step | undefined;
  let exitCode: number | undefined;
  const stopped = new Error("stopped by a signal");
  const listen = async (): Promise<void> => {
    exitCode = await untilSignal();
    complain("\nstopping after this step, which is kept; once more stops at once\n");
  };
  try {
    return await work((at) => {
      if (!last) void listen();
      last = at;
      if (exitCode !== undefined) throw stopped;
    });
  } catch (error) {
    if (error !== stopped) throw error;
    complain(`interrupted after step ${last!.step} of ${last!.steps}; run the same command again to go on\n`);
    return undefined;
  } finally {
    heard = undefined;
    if (exitCode !== undefined) process.exitCode = exitCode; // also after the last step: a script does not go on
  }
}

type Step = Pick<StepLog, "step" | "steps">;

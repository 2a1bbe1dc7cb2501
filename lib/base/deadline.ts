/**
 * A deadline for what a stranger's file decides: patterns that backtrack without end, loops. Node ends a script at its
 * deadline whatever it is doing, a regular expression too.
 */
import vm from "node:vm";

const context = vm.createContext({}) as { run?: () => unknown };
const script = new vm.Script("run()");

/**
 * Runs it, in this process; costs a fraction of a millisecond.
 * @returns undefined when it has not ended in time
 */
export function withinTime<T>(milliseconds: number, run: () => T): { value: T } | undefined {
  const outer = context.run;
  context.run = run;
  try {
    return { value: script.runInContext(context, { timeout: milliseconds }) as T };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    context.run = outer;
  }
}

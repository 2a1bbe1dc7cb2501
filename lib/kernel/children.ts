/** What cells started ends with the kernel: nothing of a notebook goes on computing when it is closed. */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

/**
 * From now on, children of this process die with it, and where it leads a group of its own, as it does under Jupyter
 * and the headless runner, their children too.
 */
export function endChildrenWithThis(): void {
  const children = new Set<ChildProcess>();
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    children.add(child);
    child.once("exit", () => children.delete(child));
  });
  process.on("exit", () => {
    for (const child of children) child.kill("SIGKILL");
    if (process.platform === "win32") return;
    process.on("SIGTERM", () => undefined); // the group's signal reaches this process, which is ending anyway
    try {
      process.kill(-process.pid, "SIGTERM");
    } catch {
      // it leads no group
    }
  });
}

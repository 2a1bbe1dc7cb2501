/** How long something takes, as IPython's `%time` says it. */
import { duration } from "../base/progress";

/**
 * Runs `work`, prints the time it took and that of the processor, over all cores, and gives back what it gave.
 * @param label printed before the times
 */
export async function time<T>(work: () => T | Promise<T>, label = "time"): Promise<T> {
  const started = performance.now();
  const before = process.cpuUsage();
  try {
    return await work();
  } finally {
    const { user, system } = process.cpuUsage(before);
    const text = (seconds: number): string => (seconds < 10 ? `${seconds.toPrecision(3)} s` : duration(seconds));
    const cpu = text((user + system) / 1e6);
    process.stdout.write(`${label}: ${text((performance.now() - started) / 1000)}, processor ${cpu}\n`);
  }
}

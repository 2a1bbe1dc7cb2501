/** Stands for lib/base/deadline in a browser, where a page ends its worker from outside when something takes too long. */
import type * as Node from "../../base/deadline";

export const withinTime: typeof Node.withinTime = (_milliseconds, run) => ({ value: run() });

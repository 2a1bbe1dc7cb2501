/** Stands for lib/base/progress in a browser, where the page shows what its worker says. */
import type * as Node from "../../../base/progress";

export const startProgress: typeof Node.startProgress = () => ({ update: () => undefined, stop: () => undefined });

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** A message to oneself comes after those that wait already; a timer would cost 4 ms each time. */
export const breathe: typeof Node.breathe = () =>
  new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(undefined);
  });

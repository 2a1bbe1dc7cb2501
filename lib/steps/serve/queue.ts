/** One computation at a time, in order of arrival: the engine has one set of cores, or one GPU. */
import { ApiError } from "./apiError";

export class Queue {
  private readonly waiting: (() => void)[] = [];
  private busy = false;

  /** @param most how many may wait */
  constructor(private readonly most: number) {}

  /**
   * Runs `work` when it is its turn. One that is given up while it waits leaves its place at once.
   * @throws ApiError 429 when too many wait; the signal's reason when it is given up
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.busy) await this.turn(signal);
    this.busy = true;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next)
        next(); // hands its turn on
      else this.busy = false;
    }
  }

  private turn(signal: AbortSignal): Promise<void> {
    if (this.waiting.length >= this.most)
      throw new ApiError(429, `${this.most} requests wait already; try again later`, {
        code: "queue_full",
        headers: { "retry-after": "1" },
      });
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      this.waiting.push(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}

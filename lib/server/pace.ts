/**
 * When the next request may start: so many at a time, so many a minute, and none before the server's Retry-After has
 * passed.
 */
import { setTimeout as sleep } from "node:timers/promises";

export class Pace {
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  private nextStart = 0;
  private heldUntil = 0;

  /** @param perMinute starts are spread evenly; undefined: no limit */
  constructor(
    private readonly concurrency: number,
    private readonly perMinute?: number,
  ) {}

  /** Runs `work` when one of the places is free. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= this.concurrency) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next)
        next(); // hands its place on
      else this.active--;
    }
  }

  /** Waits for one's turn to send. */
  async turn(signal: AbortSignal): Promise<void> {
    for (let start = -1; start < this.heldUntil;) {
      // a place in the row that was taken before a hold is taken anew
      start = Math.max(performance.now(), this.nextStart, this.heldUntil);
      this.nextStart = start + (this.perMinute ? 60_000 / this.perMinute : 0);
      const wait = start - performance.now();
      if (wait > 0) await sleep(wait, undefined, { signal });
    }
  }

  /** Nobody starts for so long. */
  hold(ms: number): void {
    this.heldUntil = Math.max(this.heldUntil, performance.now() + ms);
  }
}

/**
 * What cells print, joined into few messages, in order and complete. One message per console.log floods every
 * front end, and process.stdout.write as tslab replaces it never calls back.
 */
import { TextDecoder } from "node:util";

type Name = "stdout" | "stderr";
type Post = (name: Name, text: string) => void;
type Callback = (error?: Error | null) => void;

const MAX_CHARS = 65536;
const MAX_WAIT_MS = 50;

/** Joins writes of one stream until the event loop turns, 64 Ki characters are reached or 50 ms passed. */
export class StreamJoiner {
  private pending: { name: Name; text: string } | undefined;
  private flushedAt = 0;

  constructor(private readonly post: Post) {}

  write(name: Name, text: string): void {
    if (this.pending && this.pending.name !== name) this.flush();
    if (this.pending) this.pending.text += text;
    else {
      this.pending = { name, text };
      setImmediate(() => this.flush());
    }
    if (this.pending.text.length > MAX_CHARS || Date.now() - this.flushedAt > MAX_WAIT_MS) this.flush();
  }

  /** Sends what is pending; called before anything else of the cell is sent, so that order holds. */
  flush(): void {
    const pending = this.pending;
    if (!pending) return;
    this.pending = undefined;
    this.flushedAt = Date.now();
    this.post(pending.name, pending.text);
  }
}

/** Sends everything this process prints through `post`. Output of native code is not seen here. */
export function redirectPrinting(post: Post): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Callback, callback?: Callback): boolean => {
      post(name, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const done = typeof encoding === "function" ? encoding : callback;
      if (done) process.nextTick(done, null);
      return true;
    };
    process[name].write = write as typeof process.stdout.write;
  }
}

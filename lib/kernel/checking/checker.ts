/** The type checker as the kernel asks it: a thread of its own, which answers in order. */
import type { Worker } from "node:worker_threads";
import type { Answers, Method, Reply, Request } from "./answers";

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

export class Checker {
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  private ended: Error | undefined;

  /** @param thread running thread.cjs */
  constructor(private readonly thread: Worker) {
    thread.on("message", (reply: Reply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if ("error" in reply) reject(reply.error);
      else resolve(reply.result as never);
    });
    thread.on("error", (error) => {
      this.ended = new Error("the type checker ended: restart the kernel", { cause: error });
      for (const { reject } of this.waiting.values()) reject(this.ended);
    });
  }

  ask<M extends Method>(method: M, ...args: Parameters<Answers[M]>): Promise<ReturnType<Answers[M]>> {
    if (this.ended) return Promise.reject(this.ended);
    const id = this.count++;
    const answer = new Promise<ReturnType<Answers[M]>>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.thread.postMessage({ id, method, args } satisfies Request);
    return answer;
  }
}

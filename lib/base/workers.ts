/**
 * Worker processes that answer tasks. Processes, not threads: an engine and its thread pool belong to a process, and
 * a crash stays in one. `serveTasks` is the worker's side.
 */
import { fork, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { UserError } from "./check";
import { projectRoot, typescriptLoader } from "./files";

/** Under this descriptor a worker finds the pool's `SharedFloats`. */
const sharedDescriptor = 4;

/**
 * Arrays of floats that the processes of a pool share: a file without a name, which never leaves the page cache for
 * long. Through the message pipe a megabyte takes about ten times as long.
 */
export class SharedFloats {
  private constructor(readonly descriptor: number) {}

  static create(): SharedFloats {
    const folder = mkdtempSync(path.join(os.tmpdir(), "mask-dpo-"));
    const descriptor = openSync(path.join(folder, "shared"), "w+", 0o600);
    rmSync(folder, { recursive: true }); // it lives until the last process closes it
    return new SharedFloats(descriptor);
  }

  /** In a worker: the pool's. */
  static inherited(): SharedFloats {
    return new SharedFloats(sharedDescriptor);
  }

  /** @param at index of the first float */
  write(values: Float32Array, at: number): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.descriptor, bytes, done, bytes.length - done, 4 * at + done);
  }

  /** @throws Error when fewer floats were written */
  read(length: number, at: number): Float32Array {
    const values = new Float32Array(length);
    const bytes = new Uint8Array(values.buffer);
    for (let done = 0; done < bytes.length;) {
      const count = readSync(this.descriptor, bytes, done, bytes.length - done, 4 * at + done);
      if (count === 0) throw new Error(`SharedFloats: expected ${length} floats at ${at}, got ${done / 4}`);
      done += count;
    }
    return values;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Whether this process is a worker of a pool: it then leaves the other cores to its siblings. */
export const isWorker = process.env["MASK_DPO_WORKER"] === "1";

/** How many processes use the CPU fully when each computes on one thread. */
export const cpuWorkers = os.availableParallelism();

type Request = { task: unknown; answer: boolean };
type Reply =
  | { result: unknown }
  | {
      error: { name: string; message: string; stack: string | undefined };
      parts?: UserError["parts"];
      ofTask: boolean;
    };
interface Job {
  task: unknown;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** @typeParam State what `tell` sends @typeParam Task what `run` sends */
export class WorkerPool<State, Task> {
  private readonly children: ChildProcess[];
  private readonly free: ChildProcess[];
  private readonly busy = new Map<ChildProcess, Job>();
  private readonly waiting: Job[] = [];
  private failure: Error | undefined;
  readonly shared = SharedFloats.create();

  /** @param script TypeScript file from the project's root, which calls `serveTasks` */
  constructor(
    script: string,
    readonly size = cpuWorkers,
  ) {
    this.children = Array.from({ length: size }, () =>
      fork(path.join(projectRoot, script), {
        cwd: projectRoot,
        execArgv: ["--require", typescriptLoader],
        serialization: "advanced",
        stdio: ["ignore", "ignore", "inherit", "ipc", this.shared.descriptor],
        env: { ...process.env, MASK_DPO_WORKER: "1" },
      }),
    );
    this.free = this.children.slice();
    for (const child of this.children) {
      child.on("message", (reply: Reply) => this.take(child, reply));
      child.on("error", (error) => this.fail(error)); // it could not be started
      child.on("exit", (code, signal) => this.fail(endedEarly(script, signal ?? `exit ${code}`)));
    }
  }

  /** Every worker learns it before the tasks that come after. */
  tell(state: State): void {
    for (const child of this.children) this.send(child, { task: state, answer: false });
  }

  /** The answer of the next free worker. Rejects when the task fails there, and when any worker dies. */
  run<Answer>(task: Task): Promise<Answer> {
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.failure) reject(this.failure);
      else this.waiting.push({ task, resolve, reject });
      this.dispatch();
    });
    answer.catch(() => undefined); // whoever awaits it sees the error; nobody may be left to
    return answer as Promise<Answer>;
  }

  /** Kills the workers; what they were doing is lost. */
  close(): void {
    for (const child of this.children) {
      child.removeAllListeners("exit");
      child.kill("SIGKILL");
    }
    this.shared.close();
    this.fail(new Error("the workers were closed"));
  }

  private dispatch(): void {
    while (this.free.length > 0 && this.waiting.length > 0) {
      const child = this.free.shift()!;
      const job = this.waiting.shift()!;
      this.busy.set(child, job);
      this.send(child, { task: job.task, answer: true });
    }
  }

  private send(child: ChildProcess, request: Request): void {
    child.send(request, (error: NodeJS.ErrnoException | null) => {
      // one that has died is said by its exit, which comes a little later and knows why
      if (error && !["EPIPE", "ECONNRESET", "ERR_IPC_CHANNEL_CLOSED"].includes(error.code ?? "")) this.fail(error);
    });
  }

  private take(child: ChildProcess, reply: Reply): void {
    const job = this.busy.get(child);
    if ("error" in reply) {
      const error = reply.parts ? new UserError(reply.parts) : Object.assign(new Error(), reply.error);
      if (!reply.ofTask) return this.fail(error); // the worker could not take what it was told
      job?.reject(error);
    } else job?.resolve(reply.result);
    this.busy.delete(child);
    this.free.push(child);
    this.dispatch();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of [...this.busy.values(), ...this.waiting.splice(0)]) reject(this.failure);
    this.busy.clear();
  }
}

/** Answers of tasks as they come, in no stated order. */
export async function* asAnswered<Answer>(answers: readonly Promise<Answer>[]): AsyncGenerator<Answer> {
  const open = new Map(answers.map((answer, i) => [i, answer.then((value) => ({ i, value }))]));
  for (const marked of open.values()) marked.catch(() => undefined);
  while (open.size > 0) {
    const { i, value } = await Promise.race(open.values());
    open.delete(i);
    yield value;
  }
}

/** In a worker: handles what the pool sends, one after the other. */
export function serveTasks<State, Task>(handle: {
  tell: (state: State) => Promise<void>;
  run: (task: Task) => Promise<unknown>;
}): void {
  let last = Promise.resolve();
  process.on("message", ({ task, answer }: Request) => {
    last = last
      .then(async () => {
        if (!answer) return handle.tell(task as State);
        reply({ result: await handle.run(task as Task) });
      })
      .catch((error: unknown) => reply(failure(error, answer)));
  });
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (error: unknown) => {
      if (!process.connected) return; // it ends already
      reply(failure(error, false)); // what else it has begun is not to be trusted
      process.disconnect(); // and so it ends, once that is sent
    });
  process.on("disconnect", () => process.exit(0)); // the parent is gone
  // Ctrl-C, a closed terminal and `timeout` reach the whole group; the parent decides
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
}

function failure(thrown: unknown, ofTask: boolean): Reply {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { error: { name, message, stack }, ofTask, ...(thrown instanceof UserError && { parts: thrown.parts }) };
}

/** Most often the system killed it for memory, and says so only in its own log. */
function endedEarly(script: string, how: string): UserError {
  return new UserError({
    expected: "worker processes that live until their work is done",
    got: `a worker of ${script} ended early (${how})`,
    fix:
      "If memory ran out, which is the usual reason, free some or ask for less at a time (shorter completions, a " +
      "smaller microbatch, fewer --jobs), and run the same command again: what was done is kept.",
  });
}

function reply(message: Reply): void {
  process.send!(message);
}

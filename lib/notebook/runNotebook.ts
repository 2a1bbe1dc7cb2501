/**
 * Executes a notebook on our kernel, without Python, and writes it in canonical form: with the same seed and engine a
 * second run gives the same bytes.
 *
 * The run stops at the first failing cell. Then the notebook itself is left as it was, and what ran so far, with the
 * error, is in `<name>.failed.ipynb` beside the output (removed by the next run that succeeds). A cell over its time,
 * a kernel that dies, and Ctrl-C end the same way.
 */
import { rmSync } from "node:fs";
import path from "node:path";
import { UserError } from "../base/check";
import { writeFileAtomic } from "../base/files";
import { canonicalNotebook } from "./canonical";
import { cellFailure, fail, type Failure, place } from "./failure";
import { KernelClient, KernelDied, sleep } from "./kernelClient";
import { codeCells, readNotebook, type CellOutputs, type CodeCell, type Notebook } from "./notebook";
import { CellCollector, MAX_DISPLAY_CHARS, type Displays } from "./outputs";
import { terminalReporter, type OnProgress } from "./reporter";
import type { Content } from "../kernel/jupyterWire";

export interface RunOptions {
  /** Seconds one cell may take; default 2 hours. */
  timeoutS?: number;
  /** Added to the environment of the kernel. */
  env?: NodeJS.ProcessEnv;
  /** Default: lines on stderr. */
  onProgress?: OnProgress;
  /** Where the executed notebook goes; default: the notebook itself. */
  out?: string;
}

/** The run was ended by Ctrl-C or SIGTERM; a command line exits with 130. */
export class RunInterrupted extends Error {
  override name = "RunInterrupted";
}

/** Time a cell has to end after it was interrupted. */
const GRACE_MS = 5000;
/** Time for rejections that surface after the last cell. */
const LATE_MS = 100;

/**
 * Runs `file` from its first cell to its last.
 * @returns the file written
 * @throws UserError naming notebook, cell, line and error, when a cell fails; RunInterrupted after Ctrl-C
 */
export async function runNotebook(file: string, options: RunOptions = {}): Promise<string> {
  const notebook = readNotebook(file);
  const out = options.out ?? file;
  const run = new NotebookRun(path.basename(file), codeCells(notebook), options);
  const failed = out.replace(/(\.ipynb)?$/, ".failed.ipynb");
  try {
    const failure = await run.execute();
    if (!failure) {
      writeFileAtomic(out, run.text(notebook));
      rmSync(failed, { force: true });
      return out;
    }
    writeFileAtomic(failed, run.text(notebook));
    const kept = out === file ? "the notebook is unchanged" : "no notebook was written";
    throw new UserError({
      where: place(file, failure),
      expected: "every cell to succeed",
      got: failure.reason,
      fix: `${failure.fix} The cells up to there are in ${failed}; ${kept}.`,
    });
  } catch (error) {
    if (error instanceof RunInterrupted) writeFileAtomic(failed, run.text(notebook));
    throw error;
  }
}

class NotebookRun {
  private readonly displays: Displays = new Map();
  private readonly collectors: { cell: CodeCell; collector: CellCollector }[] = [];
  private readonly report: OnProgress;
  private readonly timeoutMs: number;
  private languageInfo: Content = {};
  private stopRequested: (() => void) | undefined;
  private interrupted = false;

  constructor(
    private readonly name: string,
    private readonly cells: CodeCell[],
    private readonly options: RunOptions,
  ) {
    this.report = options.onProgress ?? terminalReporter();
    this.timeoutMs = (options.timeoutS ?? 7200) * 1000;
  }

  /** Runs all cells. @returns the first failure */
  async execute(): Promise<Failure | undefined> {
    const started = Date.now();
    this.report({ kind: "start", notebook: this.name, cells: this.cells.length });
    let kernel: KernelClient | undefined;
    const onSignal = () => {
      if (this.interrupted) kernel?.kill();
      this.interrupted = true;
      this.stopRequested?.();
    };
    const onExit = () => kernel?.kill();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
    process.on("exit", onExit);
    try {
      kernel = await startKernel(this.options.env);
      this.languageInfo = (await kernel.info()).language_info as Content;
      const failure = await this.runCells(kernel);
      if (this.interrupted) throw new RunInterrupted(`${this.name}: interrupted`);
      if (failure) this.report({ kind: "failed", traceback: this.tracebackOf(failure.cell) });
      else
        this.report({
          kind: "done",
          notebook: this.name,
          cells: this.cells.length,
          seconds: (Date.now() - started) / 1000,
        });
      return failure;
    } catch (error) {
      this.report({ kind: "failed", traceback: [] });
      throw error;
    } finally {
      await kernel?.stop();
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
      process.off("exit", onExit);
    }
  }

  /** The notebook with the outputs so far. */
  text(notebook: Notebook): string {
    const results = new Map<number, CellOutputs>(
      this.collectors.map(({ cell, collector }) => [
        cell.index,
        { executionCount: cell.number, outputs: collector.outputs() },
      ]),
    );
    return canonicalNotebook(notebook, results, this.languageInfo);
  }

  private tracebackOf(cell: CodeCell): string[] {
    return this.collectors
      .filter((run) => run.cell === cell)
      .flatMap(({ collector }) => collector.errors.flatMap((error) => error.traceback));
  }

  private async runCells(kernel: KernelClient): Promise<Failure | undefined> {
    for (const cell of this.cells) {
      const title = cell.source.trim().split("\n")[0]!.slice(0, 60);
      const progress = { cell: cell.number, cells: this.cells.length };
      const started = Date.now();
      if (this.interrupted) return undefined;
      this.report({ kind: "cell", ...progress, title });
      const failure = (await this.runCell(kernel, cell)) ?? this.lateFailure();
      if (failure) return failure;
      this.report({ kind: "cellDone", ...progress, title, seconds: (Date.now() - started) / 1000 });
    }
    await Promise.race([kernel.info(), sleep(GRACE_MS)]);
    await sleep(LATE_MS);
    return this.lateFailure();
  }

  private async runCell(kernel: KernelClient, cell: CodeCell): Promise<Failure | undefined> {
    const collector = new CellCollector(this.displays);
    this.collectors.push({ cell, collector });
    const stop = new Promise<"interrupted" | "too much output">((resolve) => {
      this.stopRequested = () => resolve("interrupted");
      this.onOutput = (type, content) => {
        const progress = (content.transient as { progress?: string } | undefined)?.progress;
        if (progress) this.report({ kind: "progress", cell: cell.number, cells: this.cells.length, text: progress });
        if (!collector.add(type, content)) resolve("too much output");
      };
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"timeout">((resolve) => (timer = setTimeout(() => resolve("timeout"), this.timeoutMs)));
    const reply = kernel.execute(cell.source, this.onOutput);
    try {
      const ended = await Promise.race([reply, stop, timeout]);
      if (typeof ended === "string") return await this.endCell(kernel, cell, collector, reply, ended);
      return ended.status === "ok" ? undefined : cellFailure(cell, collector);
    } catch (error) {
      if (!(error instanceof KernelDied)) throw error;
      if (this.interrupted) return undefined;
      return fail(
        cell,
        collector,
        "KernelDied",
        withLog(error),
        "Look for a crash of native code, a lack of memory or a call of process.exit.",
      );
    } finally {
      clearTimeout(timer);
    }
  }

  private onOutput: (type: string, content: Content) => void = () => undefined;

  /** Interrupts a cell that must not go on; kills the kernel when that does not help. */
  private async endCell(
    kernel: KernelClient,
    cell: CodeCell,
    collector: CellCollector,
    reply: Promise<Content>,
    why: "interrupted" | "too much output" | "timeout",
  ): Promise<Failure> {
    kernel.interrupt();
    await Promise.race([reply.catch(() => undefined), sleep(GRACE_MS)]);
    kernel.kill();
    if (why === "timeout")
      return fail(
        cell,
        collector,
        "Timeout",
        `no end after ${this.timeoutMs / 1000} s`,
        "Give it more time or less work.",
      );
    if (why === "interrupted") return fail(cell, collector, "Interrupted", "an interrupt", "");
    return fail(
      cell,
      collector,
      "OutputTooLarge",
      `more than ${MAX_DISPLAY_CHARS / 1e6} MB displayed by one cell`,
      "Show less, or write it to a file.",
    );
  }

  /** An error of a cell that had already ended: a promise nobody waited for. */
  private lateFailure(): Failure | undefined {
    const late = this.collectors.find(({ collector }) => collector.errors.length > 0);
    return late && cellFailure(late.cell, late.collector);
  }
}

/** Ports are chosen before the kernel binds them; another process may have been quicker. */
async function startKernel(env: NodeJS.ProcessEnv | undefined, attempts = 3): Promise<KernelClient> {
  try {
    return await KernelClient.start(env);
  } catch (error) {
    if (!(error instanceof KernelDied)) throw error;
    if (attempts > 1 && /address already in use|EADDRINUSE/i.test(error.log)) return startKernel(env, attempts - 1);
    throw new UserError({
      expected: "the kernel to start",
      got: withLog(error),
      fix: "Run `npm run setup`, then try again.",
    });
  }
}

function withLog(error: KernelDied): string {
  const log = error.log.trim().split("\n").slice(-15).join("\n");
  return log ? `${error.message}\n${log}\n` : error.message;
}

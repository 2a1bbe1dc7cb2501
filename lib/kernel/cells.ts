/**
 * Runs cells on tslab's executor and decides how each one ended. Repairs of tslab: a type error or an unhandled
 * rejection fails the cell as an error (not as text on stderr), with the cell's own line; printing is complete and in
 * order; the value of the last expression is an execute_result; an interrupt reaches work that reports progress.
 */
import path from "node:path";
import vm from "node:vm";
import { inspect } from "node:util";
import { createExecutor, type Executor } from "tslab/dist/executor";
import { breathe } from "../base/progress";
import { cellFile, runtimeError, typeError, type CellError, type CellRecord, type TypeMessage } from "./cellErrors";
import { createCellCompiler } from "./compiler";
import { LoadedModules } from "./modules";
import { redirectPrinting, StreamJoiner } from "./streams";
import type { Content } from "./jupyterWire";

/** Sends one iopub message of a cell. */
export type Post = (type: string, content: Content) => void;

interface RunningCell {
  count: number;
  source: string;
  post: Post;
  streams: StreamJoiner;
  typeMessages: TypeMessage[];
  thrown: unknown[];
  done: boolean;
}

/** How tslab reports a type error to its console: a format, file name, line, column, text. */
const TYPE_ERROR_FORMAT = "%s%d:%d - %s";
const WRAPPED_CELL = /^\(async function\(exports, require\) \{ /;

export class CellRunner {
  private readonly executor: Executor;
  private readonly records = new Map<number, CellRecord>();
  private readonly modules: LoadedModules;
  private current: RunningCell | undefined;
  private interruptCount = 0;

  constructor(private readonly root: string) {
    const compiler = createCellCompiler(root);
    const { converter } = compiler;
    this.modules = new LoadedModules(root, compiler.checked);
    this.modules.remember();
    this.executor = createExecutor(
      root,
      { node: converter, browser: converter, close: () => converter.close() },
      {
        log: (value: unknown) => this.result(value),
        error: (...args: unknown[]) => this.failure(args),
      },
    );
    this.nameCells(() => compiler.lastMap());
    redirectPrinting((name, text) => this.current?.streams.write(name, text));
    for (const event of ["unhandledRejection", "uncaughtException"] as const)
      process.on(event, (error: unknown) => this.late(error));
  }

  get interrupts(): number {
    return this.interruptCount;
  }

  /** Runs one cell to its end. @returns the error it failed with, if any */
  async run(source: string, count: number, post: Post): Promise<CellError | undefined> {
    this.current?.streams.flush();
    const cell: RunningCell = {
      count,
      source,
      post,
      streams: new StreamJoiner((name, text) => post("stream", { name, text })),
      typeMessages: [],
      thrown: [],
      done: false,
    };
    this.current = cell;
    for (const file of this.modules.refresh())
      cell.streams.write("stderr", `${path.relative(this.root, file)} was edited: restart the kernel to run it\n`);
    const ok = await this.executor.execute(source);
    this.modules.remember();
    // One turn of the event loop, so that rejections nobody handled are seen while the cell is still running.
    await breathe();
    cell.streams.flush();
    cell.done = true;
    if (ok && cell.thrown.length === 0) return undefined;
    const error = this.describe(cell);
    post("error", { ...error });
    return error;
  }

  /** Sends a message as output of the running cell, or of the last one. */
  post(type: string, content: Content): void {
    this.current?.streams.flush();
    this.current?.post(type, content);
  }

  /** Ends the waiting of the running cell, and any work in it that reports progress. */
  interrupt(): void {
    this.interruptCount++;
    this.executor.interrupt();
  }

  complete(code: string, cursor: number): Content {
    const { candidates, start, end } = this.executor.complete(code, cursor);
    return { status: "ok", matches: candidates, cursor_start: start, cursor_end: end, metadata: {} };
  }

  inspect(code: string, cursor: number): ReturnType<Executor["inspect"]> {
    return this.executor.inspect(code, cursor);
  }

  private result(value: unknown): void {
    const text = typeof value === "string" ? value : inspect(value);
    this.post("execute_result", { execution_count: this.current?.count, data: { "text/plain": text }, metadata: {} });
  }

  private failure([first, file, line, column, text]: unknown[]): void {
    if (!this.current) return;
    if (first === TYPE_ERROR_FORMAT)
      this.current.typeMessages.push({
        line: Number(line),
        column: Number(column),
        text: `${String(file)}${String(text)}`,
      });
    else this.current.thrown.push(first);
  }

  /** An error nobody caught: it fails the running cell; after the cell it still becomes an error output of it. */
  private late(error: unknown): void {
    const cell = this.current;
    if (!cell) throw error;
    if (cell.done) this.post("error", { ...runtimeError(error, this.records, this.root) });
    else cell.thrown.push(error);
  }

  private describe(cell: RunningCell): CellError {
    if (cell.typeMessages.length > 0) return typeError(cell.count, cell.source, cell.typeMessages);
    const [first, ...rest] = cell.thrown.map((error) => runtimeError(error, this.records, this.root));
    if (!first) return { ename: "Error", evalue: "the cell failed", traceback: [] };
    return { ...first, traceback: [first, ...rest].flatMap((error) => error.traceback) };
  }

  /** Gives the code of each cell a file name, so that stack frames can be mapped back to its lines. */
  private nameCells(lastMap: () => CellRecord["map"]): void {
    const original = vm.runInThisContext;
    const named = (code: string, options?: vm.RunningCodeOptions | string): unknown => {
      if (!this.current || !WRAPPED_CELL.test(code) || typeof options !== "object") return original(code, options);
      const { count, source } = this.current;
      this.records.set(count, { source, map: lastMap() });
      return original(
        code.replace(WRAPPED_CELL, (prefix) => `${prefix}\n`),
        { ...options, filename: cellFile(count), lineOffset: -1 } as vm.RunningCodeOptions,
      );
    };
    Object.defineProperty(vm, "runInThisContext", { value: named });
  }
}

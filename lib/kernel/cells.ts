/**
 * Runs cells, type-checked one by one, and decides how each one ended: a type error or an unhandled rejection fails the
 * cell with its own line; printing is complete and in order; the value of the last expression is an execute_result; an
 * interrupt reaches work that reports progress.
 */
import path from "node:path";
import { breathe } from "../base/progress";
import { mimeOf } from "../show/value";
import { runtimeError, typeError, type CellError, type CellRecord } from "./cellErrors";
import { CellMap } from "./cellMap";
import type { CheckedCell } from "./checking/answers";
import type { Checker } from "./checking/checker";
import { CellExecutor } from "./executor";
import { LoadedModules } from "./modules";
import { redirectPrinting, StreamJoiner } from "./streams";
import type { Content } from "./jupyterWire";

/** Sends one iopub message of a cell. */
export type Post = (type: string, content: Content) => void;

interface RunningCell {
  post: Post;
  streams: StreamJoiner;
  thrown: unknown[];
  done: boolean;
}

/** Of so many characters, how many units a string has. */
const unitsOf = (code: string, characters: number): number => [...code].slice(0, characters).join("").length;

/** Modules of the library that a cell imports for their values. */
const LIBRARY_IMPORT = /^\s*import\s+(?!type\b)[^"';]*\bfrom\s+["'](\.\/lib(?:\/[^"']*)?)["']/gm;

export class CellRunner {
  private readonly executor: CellExecutor;
  private readonly records = new Map<number, CellRecord>();
  private readonly modules: LoadedModules;
  /** Of the cells that succeeded, as the next one sees them. */
  private declarations = "";
  private current: RunningCell | undefined;
  private interruptCount = 0;

  constructor(
    private readonly root: string,
    private readonly checker: Checker,
  ) {
    this.executor = new CellExecutor(root);
    this.modules = new LoadedModules(root);
    this.modules.remember();
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
    const streams = new StreamJoiner((name, text) => post("stream", { name, text }));
    const cell: RunningCell = { post, streams, thrown: [], done: false };
    this.current = cell;
    for (const file of this.modules.refresh())
      streams.write("stderr", `${path.relative(this.root, file)} was edited: restart the kernel to run it\n`);
    let error: CellError | undefined;
    try {
      const checked = await this.check(source);
      const messages = checked.diagnostics.map(({ start, fileName, messageText }) => ({
        line: start.line + 1,
        column: start.character + 1,
        text: fileName ? `${fileName} ${messageText}` : messageText,
      }));
      if (messages.length > 0) error = typeError(count, source, messages);
      else await this.execute(checked, source, count);
    } catch (thrown) {
      cell.thrown.push(thrown);
    }
    this.modules.remember();
    // One turn of the event loop, so that rejections nobody handled are seen while the cell is still running.
    await breathe();
    streams.flush();
    cell.done = true;
    error ??= this.describe(cell);
    if (error) post("error", { ...error });
    return error;
  }

  /** Sends what is printed so far; to be called before anything else that the reader sees. */
  flush(): void {
    this.current?.streams.flush();
  }

  /** Sends a message as output of the running cell, or of the last one. */
  post(type: string, content: Content): void {
    this.flush();
    this.current?.post(type, content);
  }

  /** Ends the waiting of the running cell, and any work in it that reports progress. */
  interrupt(): void {
    this.interruptCount++;
    this.executor.interrupt();
  }

  /** @param cursor as Jupyter counts: characters beyond U+FFFF are one */
  async complete(code: string, cursor: number): Promise<Content> {
    const at = unitsOf(code, cursor);
    const { candidates, start, end } = await this.checker.ask("complete", this.declarations, code, at);
    const [cursor_start, cursor_end] = [start, end].map((units) => [...code.slice(0, units)].length);
    return { status: "ok", matches: candidates, cursor_start, cursor_end, metadata: {} };
  }

  async inspect(code: string, cursor: number): Promise<Content> {
    const text = await this.checker.ask("inspect", this.declarations, code, unitsOf(code, cursor));
    const data = text === undefined ? {} : { "text/plain": text };
    return { status: "ok", found: text !== undefined, data, metadata: {} };
  }

  /** The cell as JavaScript. While it is checked, what it imports of the library is loaded. */
  private async check(source: string): Promise<CheckedCell> {
    const checked = this.checker.ask("convert", this.declarations, source, this.modules.ofLibrary());
    for (const [, module] of source.matchAll(LIBRARY_IMPORT)) {
      try {
        this.executor.require(module!);
      } catch {
        // the cell itself will say so, if its types are right
      }
    }
    return this.executor.orInterrupt(checked);
  }

  private async execute(checked: CheckedCell, source: string, count: number): Promise<void> {
    const { output, maps, declOutput, lastExpressionVar } = checked;
    this.records.set(count, { source, map: maps && CellMap.from(maps) });
    if (output) await this.executor.run(output, count);
    this.declarations = declOutput ?? "";
    const value = lastExpressionVar && this.executor.take(lastExpressionVar);
    if (value !== undefined && value !== null)
      this.post("execute_result", { execution_count: count, data: await mimeOf(value), metadata: {} });
  }

  /** An error nobody caught: it fails the running cell; after the cell it still becomes an error output of it. */
  private late(error: unknown): void {
    const cell = this.current;
    if (!cell) throw error;
    if (cell.done) this.post("error", { ...runtimeError(error, this.records, this.root) });
    else cell.thrown.push(error);
  }

  private describe({ thrown }: RunningCell): CellError | undefined {
    const [first, ...rest] = thrown.map((error) => runtimeError(error, this.records, this.root));
    return first && { ...first, traceback: [first, ...rest].flatMap((error) => error.traceback) };
  }
}

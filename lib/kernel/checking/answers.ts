/** What the thread of the type checker answers, request by request. */
import { existsSync } from "node:fs";
import path from "node:path";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { isCompleteCode, type CompletionInfo, type ConvertResult } from "tslab/dist/converter";
import { printQuickInfo } from "tslab/dist/inspect";
import type { SourceMaps } from "../cellMap";
import { Edits } from "../edits";
import { createCellCompiler, type CellCompiler } from "./compiler";

/** A cell as JavaScript, or what is wrong with it. */
export interface CheckedCell extends ConvertResult {
  maps: SourceMaps | undefined;
}

/** As Jupyter names it. */
export interface Completeness {
  status: "complete" | "incomplete" | "invalid";
  /** What the next line begins with. */
  indent?: string;
}

/** What the thread is started with. */
export interface Given {
  /** of the project */
  root: string;
  /** Whether to read the library's types before they are asked for. */
  ahead: boolean;
}

/** One request, and its answer: what a method returned, or the error it threw. */
export interface Request {
  id: number;
  method: Method;
  args: unknown[];
}
export type Reply = { id: number; result: unknown } | { id: number; error: unknown };

/** TypeScript's codes of a comment and a template that do not end. */
const OPEN = [1010, 1160];
/** A pause in which nobody asks is used for what cells will need. */
const IDLE_MS = 100;
/** Of what a cell imports without one. */
const endings = ["", ".ts", ".tsx", ".d.ts", ".js", "/index.ts", "/index.d.ts"];

export type Method = Exclude<keyof Answers, "prepare">;

export class Answers {
  private readonly compiler: CellCompiler;
  private readonly edits: Edits;
  private isAhead: boolean;

  constructor(private readonly given: Given) {
    this.isAhead = !given.ahead;
    this.compiler = createCellCompiler(given.root);
    this.edits = new Edits(() => this.compiler.checked.files());
  }

  /**
   * @param declarations of the cells before
   * @param loaded files that go on running as they were, and that cells are checked against as they were
   */
  convert(declarations: string, source: string, loaded: readonly string[]): CheckedCell {
    const { checked, converter } = this.compiler;
    for (const module of checked.missing())
      for (const ending of endings) if (existsSync(module + ending)) checked.appeared(module + ending);
    for (const file of this.edits.take()) if (!loaded.includes(file)) checked.changed(file);
    const cell = converter.convert(declarations, source);
    this.edits.remember();
    return { ...cell, maps: this.compiler.lastMaps() };
  }

  complete(declarations: string, source: string, position: number): Omit<CompletionInfo, "original"> {
    const { candidates, start, end } = this.compiler.converter.complete(declarations, source, position);
    return { candidates, start, end };
  }

  /** @returns the type, and what its documentation says */
  inspect(declarations: string, source: string, position: number): string | undefined {
    // tslab's types leave out that there may be nothing
    const info = this.compiler.converter.inspect(declarations, source, position) as
      ReturnType<typeof this.compiler.converter.inspect> | undefined;
    return info && printQuickInfo(info);
  }

  /** Whether Enter should run it in a console. */
  isComplete(source: string): Completeness {
    const { completed, indent } = isCompleteCode(source);
    const mistakes = this.compiler.mistakes(source);
    if (!completed || mistakes.some((code) => OPEN.includes(code))) return { status: "incomplete", indent };
    return { status: mistakes.length === 0 ? "complete" : "invalid" };
  }

  /** Reads the types of the library before a cell imports it, where somebody may be waiting; a piece at each step. */
  *prepare(): Generator<void> {
    if (!this.isAhead) {
      this.isAhead = true;
      this.compiler.keep(path.join(this.given.root, "lib/index.ts").split(path.sep).join("/"));
      this.inspect("", "", 0);
      yield;
    }
    yield* this.compiler.declarations.make();
  }
}

/** Answers one request after the other, and prepares where there is none. */
function serve(port: MessagePort, answers: Answers): void {
  let pause: NodeJS.Timeout | undefined;
  const rest = (): void => {
    clearTimeout(pause);
    const work = answers.prepare();
    const step = (): void => {
      if (!work.next().done) pause = setTimeout(step);
    };
    pause = setTimeout(step, IDLE_MS);
  };
  port.on("message", ({ id, method, args }: Request) => {
    try {
      const answer = answers[method] as (...args: unknown[]) => unknown;
      port.postMessage({ id, result: answer.apply(answers, args) } satisfies Reply);
    } catch (error) {
      port.postMessage({ id, error } satisfies Reply);
    }
    rest();
  });
  rest();
}

serve(parentPort!, new Answers(workerData as Given));

/**
 * Errors of cells as Jupyter shows them: name, message, and a traceback in places of the cell, not of generated code.
 */
import path from "node:path";
import { inspect, types } from "node:util";
import type { CellMap, Position } from "./cellMap";

/** Content of a Jupyter `error` message. */
export interface CellError {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** What is known of the cells run so far: their sources and maps by execution count. */
export interface CellRecord {
  source: string;
  map: CellMap | undefined;
}

/** One message of the type checker. `line` and `column` from 1. */
export interface TypeMessage extends Position {
  text: string;
}

/** The name V8 knows a cell's code by. */
export const cellFile = (count: number): string => `In[${count}]`;

const CELL_FRAME = /In\[(\d+)\]:(\d+):(\d+)/;
const INTERNAL_FRAME = /^\s+at .*(node:|\/tsx\/|\/lib\/kernel\/)/;

/** All type errors of a cell as one error; its place is that of the first. */
export function typeError(count: number, source: string, messages: readonly TypeMessage[]): CellError {
  const first = messages[0]!;
  return {
    ename: "TypeScriptError",
    evalue: first.text,
    // The compiler explains an error in further messages at the same place: one excerpt for all of them.
    traceback: messages.flatMap((m, i) => {
      const next = messages[i + 1];
      const more = next?.line === m.line && next.column === m.column;
      return [`TypeScriptError: ${m.text}`, ...(more ? [] : excerpt(count, source, m))];
    }),
  };
}

/** An error thrown by a cell, now or later. */
export function runtimeError(thrown: unknown, cells: ReadonlyMap<number, CellRecord>, root: string): CellError {
  const error = types.isNativeError(thrown) ? thrown : undefined;
  if (isInterrupt(error))
    return {
      ename: "Interrupted",
      evalue: "the cell was interrupted",
      traceback: ["Interrupted: the cell was interrupted"],
    };
  // The stack alone, not the properties beside it; but an error that has a cause is shown with it.
  const text = error?.stack && error.cause === undefined ? error.stack : inspect(thrown);
  const lines = text
    .split("\n")
    .filter((line) => !INTERNAL_FRAME.test(line))
    .map((line) => relative(mapped(line, cells), root));
  const place = lines.map((line) => CELL_FRAME.exec(line)).find((match) => match !== null);
  const count = Number(place?.[1]);
  const source = cells.get(count)?.source;
  const where =
    place && source !== undefined ? excerpt(count, source, { line: Number(place[2]), column: Number(place[3]) }) : [];
  const frames = lines.findIndex((line) => /^\s+at /.test(line));
  const cut = frames < 0 ? lines.length : frames;
  return {
    ename: error?.name ?? "Error",
    evalue: error?.message ?? inspect(thrown),
    traceback: [...lines.slice(0, cut), ...where, ...lines.slice(cut)],
  };
}

/** Interrupted in synchronous code (Node's error), while waiting (the executor's), or in work that reports progress. */
function isInterrupt(error: Error | undefined): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return (
    code === "ERR_SCRIPT_EXECUTION_INTERRUPTED" ||
    error?.message === "Interrupted asynchronously" ||
    error?.name === "Interrupted"
  );
}

/** `In[2]:9:3` in generated code -> the place in the cell. */
function mapped(line: string, cells: ReadonlyMap<number, CellRecord>): string {
  return line.replace(CELL_FRAME, (frame, count: string, l: string, c: string) => {
    const at = cells.get(Number(count))?.map?.find({ line: Number(l), column: Number(c) });
    return at ? `In[${count}]:${at.line}:${at.column}` : frame;
  });
}

/** Paths below the project root are shown relative to it, so that outputs do not depend on the machine. */
function relative(line: string, root: string): string {
  return line.split(root + path.sep).join("");
}

/** The source line with a mark under the column. The first line is what the runner reads the place from. */
function excerpt(count: number, source: string, { line, column }: Position): string[] {
  const text = source.split("\n")[line - 1] ?? "";
  const gutter = `> ${line} | `;
  return [
    `  ${cellFile(count)} line ${line}, column ${column}`,
    `${gutter}${text}`,
    `${" ".repeat(gutter.length + column - 1)}^`,
  ];
}

/** Why a cell failed, and where: for the message and for the notebook itself. */
import { brief } from "../base/check";
import type { CodeCell } from "./notebook";
import type { CellCollector } from "./outputs";

/** Why a cell failed, in words for a person. */
export interface Failure {
  cell: CodeCell;
  /** Line of the cell from 1, where one is known. */
  line?: number;
  reason: string;
  fix: string;
}

/** `notebook cell 3, line 2 (const a = b;)` */
export function place(file: string, { cell, line }: Failure): string {
  return `${file} cell ${cell.number}${line ? `, line ${line} (${brief(cell.source.split("\n")[line - 1]?.trim() ?? "")})` : ""}`;
}

/**
 * The line in the traceback that lies in the failing cell, else none: the error may come from another cell's function.
 */
export function cellFailure(cell: CodeCell, collector: CellCollector): Failure {
  const error = collector.errors[0];
  const at = new RegExp(`In\\[${cell.number}\\](?: line |:)(\\d+)`).exec(error?.traceback.join("\n") ?? "");
  return {
    cell,
    line: at ? Number(at[1]) : undefined,
    reason: error ? `${error.ename}: ${error.evalue.replace(/\.$/, "")}` : "an aborted cell",
    fix: "Correct the cell, then run again.",
  };
}

/** A failure that the kernel itself did not report becomes an error output of the cell as well. */
export function fail(cell: CodeCell, collector: CellCollector, ename: string, reason: string, fix: string): Failure {
  collector.add("error", { ename, evalue: reason, traceback: [`${ename}: ${reason}`] });
  return { cell, reason, fix };
}

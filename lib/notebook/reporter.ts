/**
 * Progress of a notebook run in a terminal (one line, redrawn) or in a log (a line per cell, and now and then one
 * within).
 */
import { duration } from "../base/progress";

/** What happens during a run. `cells` is how many code cells there are; `cell` counts from 1. */
export type RunEvent =
  | { kind: "start"; notebook: string; cells: number }
  | { kind: "cell"; cell: number; cells: number; title: string }
  /** The notebook's own progress, one line of text. */
  | { kind: "progress"; cell: number; cells: number; text: string }
  | { kind: "cellDone"; cell: number; cells: number; seconds: number; title: string }
  /** The run ends here; no traceback when not a cell was the cause. */
  | { kind: "failed"; traceback: string[] }
  | { kind: "done"; notebook: string; cells: number; seconds: number };

export type OnProgress = (event: RunEvent) => void;

const LOG_EVERY_MS = 10_000;

/** Writes to `stream`: in place where it is a terminal. */
export function terminalReporter(stream: NodeJS.WriteStream = process.stderr): OnProgress {
  return stream.isTTY ? redrawn(stream) : logged(stream);
}

function redrawn(stream: NodeJS.WriteStream): OnProgress {
  let line = "";
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    const text = `${line}${startedAt ? `, ${duration((Date.now() - startedAt) / 1000)}` : ""}`;
    stream.write(`\r\x1b[K${text.slice(0, Math.max(20, (stream.columns || 80) - 1))}`);
  };
  return (event) => {
    if (event.kind === "start") {
      stream.write(`${event.notebook}\n`);
      timer = setInterval(draw, 1000).unref();
    } else if (event.kind === "cell") {
      line = `  [${event.cell}/${event.cells}] ${event.title}`;
      startedAt = Date.now();
      draw();
    } else if (event.kind === "progress") {
      line = `  [${event.cell}/${event.cells}] ${event.text}`;
      startedAt = 0;
      draw();
    } else if (event.kind === "failed") {
      clearInterval(timer);
      stream.write(`\r\x1b[K${event.traceback.map((text) => `${text}\n`).join("")}`);
    } else if (event.kind === "done") {
      clearInterval(timer);
      stream.write(`\r\x1b[K  ${event.cells} cells, ${duration(event.seconds)}\n`);
    }
  };
}

function logged(stream: NodeJS.WriteStream): OnProgress {
  let shownAt = Date.now();
  const write = (text: string) => {
    shownAt = Date.now();
    stream.write(`${text}\n`);
  };
  return (event) => {
    if (event.kind === "start") write(event.notebook);
    else if (event.kind === "cellDone")
      write(`  [${event.cell}/${event.cells}] ${event.seconds.toFixed(1)} s  ${event.title}`);
    else if (event.kind === "progress" && Date.now() - shownAt > LOG_EVERY_MS)
      write(`  [${event.cell}/${event.cells}] ${event.text}`);
    else if (event.kind === "failed") for (const text of event.traceback) write(text);
    else if (event.kind === "done") write(`  ${event.cells} cells, ${duration(event.seconds)}`);
  };
}

/**
 * Progress of long work, with an ETA. Where it is drawn is decided once per process:
 * a bar in a terminal, a line now and then in a log, an output updated in place in a notebook.
 */
import { SingleBar } from "cli-progress";

/** One piece of long work. `update` is cheap and may be called often. */
export interface Progress {
  /** @param done units finished @param note e.g. "loss 0.61" */
  update(done: number, note?: string): void;
  /** Ends the display; safe to call twice. */
  stop(): void;
}

/** How a process draws progress. */
export type ProgressRenderer = (label: string, total: number, from: number) => Progress;

let renderer: ProgressRenderer = (label, total, from) =>
  process.stderr.isTTY ? bar(label, total, from) : lines(label, total);

/** The notebook kernel installs its own. */
export function setProgressRenderer(next: ProgressRenderer): void {
  renderer = next;
}

/**
 * Starts showing progress of `total` units of work, of which an earlier run did `from`: they tell nothing about the
 * time left.
 */
export function startProgress(label: string, total: number, from = 0): Progress {
  return renderer(label, total, from);
}

/** Shows a piece of work whose result was there already as done, so that who watches does not wait for it. */
export function showDone(label: string, total: number, note?: string): void {
  const progress = startProgress(label, total);
  progress.update(total, note);
  progress.stop();
}

/** Seconds as a short text: "42 s", "3 min 10 s", "2 h 05 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}

/**
 * How far a piece of work is. The time left goes by what came after the first update, since what came before holds the
 * start of engines and workers.
 */
export class Pace {
  private readonly started = Date.now();
  private first: { done: number; at: number } | undefined;
  /** units finished */
  done = 0;

  constructor(
    private readonly label: string,
    private readonly total: number,
  ) {}

  update(done: number): void {
    this.first ??= { done, at: Date.now() };
    this.done = done;
  }

  /** Seconds left, from the second update on. */
  left(): number | undefined {
    if (!this.first || this.done <= this.first.done || this.done >= this.total) return undefined;
    return ((Date.now() - this.first.at) / 1000 / (this.done - this.first.done)) * (this.total - this.done);
  }

  /** "label 30/100 (30 %), 12 s, ETA 28 s, note" */
  text(note = ""): string {
    const left = this.left();
    const percent = this.total > 0 ? Math.floor((100 * this.done) / this.total) : 100;
    const elapsed = duration((Date.now() - this.started) / 1000);
    const eta = left === undefined ? "" : `, ETA ${duration(left)}`;
    return `${this.label} ${this.done}/${this.total} (${percent} %), ${elapsed}${eta}${note ? `, ${note}` : ""}`;
  }
}

/** Longest bar, in characters. */
const BAR = 40;

/**
 * One line of a terminal: the bar shrinks first, then goes, and what is still too long is cut at its end.
 * @param fraction that is done @param columns the terminal's width
 */
export function barLine(label: string, fraction: number, rest: string, columns: number): string {
  const room = columns - 1 - [...`${label}  ${rest}`].length; // a full line would wrap in some terminals
  const width = Math.min(BAR, room);
  const full = Math.round(Math.max(0, Math.min(1, fraction)) * width);
  const drawn = width < 4 ? "" : `${"█".repeat(full)}${"░".repeat(width - full)} `;
  return [...`${label} ${drawn}${rest}`].slice(0, Math.max(0, columns - 1)).join("");
}

function bar(label: string, total: number, from: number): Progress {
  const single = new SingleBar({
    format: (_options, { value, progress }, { eta, note }: { eta: string; note: string }) => {
      const rest = [`${Math.floor(100 * progress)}%`, `${value}/${total}`, eta, note].filter(Boolean).join(" ");
      return barLine(label, progress, rest, process.stderr.columns || 80);
    },
    stream: process.stderr,
    hideCursor: true,
  });
  const pace = new Pace(label, total);
  single.start(total, from, { eta: "", note: "" });
  const stop = (): void => single.stop(); // the terminal has its cursor again, and wraps its lines
  process.once("exit", stop);
  return {
    update(done, note) {
      pace.update(done);
      const left = pace.left();
      single.update(done, { eta: left === undefined ? "" : `ETA ${duration(left)}`, note: note ?? "" });
    },
    stop() {
      process.off("exit", stop);
      stop();
    },
  };
}

/** A line after ten seconds, then ever fewer: each when a tenth more of the time has passed, about 90 in three days. */
const SPACING = { least: 10_000, share: 0.1 };

function lines(label: string, total: number): Progress {
  const pace = new Pace(label, total);
  const started = Date.now();
  let shown = started;
  let last = -1; // shown
  let stopped = false;
  return {
    update(done, note) {
      pace.update(done);
      const wait = Math.max(SPACING.least, SPACING.share * (shown - started));
      if (done === last || (done < total && Date.now() - shown < wait)) return;
      shown = Date.now();
      last = done;
      process.stderr.write(`${pace.text(note)}\n`);
    },
    stop() {
      if (!stopped && last >= 0 && pace.done < total)
        process.stderr.write(`${label}: stopped at ${pace.done}/${total}\n`);
      stopped = true;
    },
  };
}

/** Lets whatever waits be heard, an interrupt above all: for long work between its steps. */
export function breathe(): Promise<void> {
  return new Promise(setImmediate);
}

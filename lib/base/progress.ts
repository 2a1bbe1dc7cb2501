/**
 * Progress of long work, with an ETA. Where it is drawn is decided once per process:
 * a bar in a terminal, a line every ten seconds in a log, an output updated in place in a notebook.
 */
import { Presets, SingleBar } from "cli-progress";

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
  process.stderr.isTTY ? bar(label, total, from) : lines(label, total, from);

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

/** Shows a piece of work whose result was there already as done, so that a notebook reads the same on every run. */
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

/** "label 30/100 (30 %), 12 s, ETA 28 s, note" */
export function progressText(
  label: string,
  done: number,
  total: number,
  startedMs: number,
  note = "",
  from = 0,
): string {
  const elapsed = (Date.now() - startedMs) / 1000;
  const eta = done > from && done < total ? `, ETA ${duration((elapsed / (done - from)) * (total - done))}` : "";
  const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
  return `${label} ${done}/${total} (${percent} %), ${duration(elapsed)}${eta}${note ? `, ${note}` : ""}`;
}

function bar(label: string, total: number, from: number): Progress {
  const single = new SingleBar(
    {
      format: `${label} {bar} {percentage}% {value}/{total} ETA {eta_formatted} {note}`,
      stream: process.stderr,
      hideCursor: true,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  single.start(total, from, { note: "" });
  return { update: (done, note) => single.update(done, { note: note ?? "" }), stop: () => single.stop() };
}

function lines(label: string, total: number, from: number): Progress {
  const started = Date.now();
  let shown = started;
  let last = -1;
  let stopped = false;
  return {
    update(done, note) {
      if (done === last || (done < total && Date.now() - shown < 10_000)) return;
      shown = Date.now();
      last = done;
      process.stderr.write(`${progressText(label, done, total, started, note, from)}\n`);
    },
    stop() {
      if (!stopped && last >= 0 && last < total) process.stderr.write(`${label}: stopped at ${last}/${total}\n`);
      stopped = true;
    },
  };
}

/** Lets whatever waits be heard, an interrupt above all: for long work between its steps. */
export function breathe(): Promise<void> {
  return new Promise(setImmediate);
}

/**
 * Progress inside a notebook: one output, updated in place. Done, it leaves nothing: an executed notebook reads the
 * same whether its work was computed or found. Work that stopped keeps a line that says where.
 */
import { randomUUID } from "node:crypto";
import { Pace, setProgressRenderer, type Progress } from "../base/progress";
import type { KernelHost, MimeData } from "../show/host";

const EVERY_MS = 200;
const WIDTH = 30;

/** Thrown by `update` when the user interrupted the cell: so interrupting a cell really stops its long work. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** From now on progress is drawn in the notebook. */
export function drawProgressInNotebook(host: KernelHost): void {
  setProgressRenderer((label, total, from) => liveBar(host, label, total, from));
}

function liveBar(host: KernelHost, label: string, total: number, from: number): Progress {
  const id = randomUUID();
  const pace = new Pace(label, total);
  const interrupts = host.interrupts();
  let shownAt = 0;
  let done = 0;
  let stopped = false;
  const draw = (data: MimeData, progress: string, update = true) => host.display(data, { id, update, progress });
  const text = (line: string): MimeData => ({ "text/plain": line });
  draw(text(`${label} ${bar(from, total)} ${from}/${total}`), `${label} ${from}/${total}`, false);
  return {
    update(next, note) {
      if (host.interrupts() !== interrupts) throw new Interrupted(`${label}: interrupted at ${done}/${total}`);
      done = next;
      pace.update(done);
      if (stopped || Date.now() - shownAt < EVERY_MS) return;
      shownAt = Date.now();
      const line = pace.text(note);
      draw(text(`${bar(done, total)} ${line}`), line);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      draw(done >= total ? {} : text(`${label}: stopped at ${done}/${total}`), pace.text());
    },
  };
}

function bar(done: number, total: number): string {
  const full = total > 0 ? Math.min(WIDTH, Math.floor((WIDTH * done) / total)) : WIDTH;
  return "█".repeat(full) + "░".repeat(WIDTH - full);
}

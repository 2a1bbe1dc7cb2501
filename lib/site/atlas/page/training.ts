/** Training in the tab: the loss as it falls, and the answer to one question as it changes. */
import type { StepLog } from "../../../align/trainOptions";
import type { JudgedAnswer } from "../protocol";
import { byId, element, percent } from "../../../show/browser/dom";
import { judgedText } from "./texts";

/** px; the chart is as wide as its place */
const size = { widest: 640, height: 210, left: 58, right: 8, top: 10, bottom: 46, tick: 5 } as const;
const svg = "http://www.w3.org/2000/svg";

function drawn(tag: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const made = document.createElementNS(svg, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}

export class TrainingPanel {
  private logs: StepLog[] = [];

  clear(): void {
    this.logs = [];
    byId("loss").replaceChildren();
    byId("changing").replaceChildren();
  }

  step(log: StepLog, answer?: JudgedAnswer): void {
    this.logs.push(log);
    this.draw();
    if (!answer) return;
    const score = answer.score === undefined ? "" : `, score ${percent(answer.score)}`;
    const head = element("h4", "", `After step ${log.step}${score}`);
    byId("changing").prepend(element("li", "", [head, judgedText(answer)]));
  }

  private draw(): void {
    const { logs } = this;
    const last = logs.at(-1)!;
    const most = Math.max(1, ...logs.map(({ loss }) => loss));
    const width = Math.min(size.widest, byId("loss").clientWidth);
    const [right, floor] = [width - size.right, size.height - size.bottom];
    const x = (step: number): number => size.left + ((step - 1) / Math.max(1, last.steps - 1)) * (right - size.left);
    const y = (loss: number): number => size.top + (1 - loss / most) * (floor - size.top);
    const label = `Loss by step: ${logs[0]!.loss.toFixed(2)} at first, ${last.loss.toFixed(2)} after step ${last.step}`;
    const chart = drawn("svg", { viewBox: `0 0 ${width} ${size.height}`, role: "img", "aria-label": label });
    const line = (x1: number, y1: number, x2: number, y2: number, look: string): void =>
      chart.append(drawn("line", { class: look, x1, y1, x2, y2 }));
    const text = (x: number, y: number, anchor: string, words: string): SVGElement =>
      drawn("text", { x, y, "text-anchor": anchor }, words);
    for (const loss of [0, most / 2, most]) {
      line(size.left, y(loss), right, y(loss), "grid");
      line(size.left - size.tick, y(loss), size.left, y(loss), "axis");
      chart.append(text(size.left - size.tick - 3, y(loss) + 4, "end", loss.toFixed(1)));
    }
    for (const step of [1, ...fives(last.steps)]) {
      line(x(step), floor, x(step), floor + size.tick, "axis");
      chart.append(text(x(step), floor + size.tick + 13, "middle", String(step)));
    }
    line(size.left, size.top, size.left, floor, "axis");
    line(size.left, floor, right, floor, "axis");
    const [middle, centre] = [(size.left + right) / 2, (size.top + floor) / 2];
    const upright = { transform: `translate(14 ${centre}) rotate(-90)`, "text-anchor": "middle" };
    chart.append(
      drawn("text", upright, "loss (nats)"),
      text(middle, size.height - 6, "middle", "step"),
      drawn("polyline", { class: "loss", points: logs.map(({ step, loss }) => `${x(step)},${y(loss)}`).join(" ") }),
      ...logs.map(({ step, loss }) => drawn("circle", { class: "loss", cx: x(step), cy: y(loss), r: 3 })),
    );
    const margin = `loss ${last.loss.toFixed(3)}, margin ${last.margin.toFixed(2)}`;
    const caption = `Step ${last.step} of ${last.steps}: ${margin}, ${percent(last.maskedShare)} of tokens masked`;
    byId("loss").replaceChildren(chart, element("figcaption", "", caption));
  }
}

function fives(most: number): number[] {
  return Array.from({ length: Math.floor(most / 5) }, (_, i) => 5 * (i + 1));
}

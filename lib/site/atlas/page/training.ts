/** Training in the tab: the loss as it falls, and the answer to one question as it changes. */
import type { StepLog } from "../../../align/trainOptions";
import type { JudgedAnswer } from "../protocol";
import { byId, element, percent } from "../../../show/browser/dom";
import { judgedText } from "./texts";

const size = { width: 640, height: 180, left: 44, right: 8, top: 10, bottom: 26 } as const;
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
    const x = (step: number): number =>
      size.left + ((step - 1) / Math.max(1, last.steps - 1)) * (size.width - size.left - size.right);
    const y = (loss: number): number => size.top + (1 - loss / most) * (size.height - size.top - size.bottom);
    const label = `Loss by step: ${logs[0]!.loss.toFixed(2)} at first, ${last.loss.toFixed(2)} after step ${last.step}`;
    const chart = drawn("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": label });
    const axis = { class: "axis" };
    for (const loss of [0, most / 2, most]) {
      chart.append(drawn("line", { ...axis, x1: size.left, x2: size.width - size.right, y1: y(loss), y2: y(loss) }));
      chart.append(drawn("text", { x: size.left - 6, y: y(loss) + 4, "text-anchor": "end" }, loss.toFixed(1)));
    }
    for (let step = 5; step <= last.steps; step += 5)
      chart.append(drawn("text", { x: x(step), y: size.height - 8, "text-anchor": "middle" }, String(step)));
    chart.append(
      drawn("polyline", { class: "loss", points: logs.map(({ step, loss }) => `${x(step)},${y(loss)}`).join(" ") }),
      ...logs.map(({ step, loss }) => drawn("circle", { class: "loss", cx: x(step), cy: y(loss), r: 3 })),
    );
    const margin = `loss ${last.loss.toFixed(3)}, margin ${last.margin.toFixed(2)}`;
    const caption = `Step ${last.step} of ${last.steps}: ${margin}, ${percent(last.maskedShare)} of tokens masked`;
    byId("loss").replaceChildren(chart, element("figcaption", "", caption));
  }
}

/** The list of pairs: only the rows in view exist as elements. */
import { byId, element } from "../../../show/browser/dom";
import type { Bench } from "./bench";
import { sortValue } from "./order";
import { number, percent, pushText, signed } from "./texts";
import type { View } from "./view";

/** pixels, as the style says */
const rowHeight = 44;

export class PairList {
  private order: readonly number[] = [];
  private at = 0;
  private view: View | undefined;
  private readonly box = byId("list");
  private readonly rows = byId("rows");

  /** @param pick is told the index in the order */
  constructor(
    private readonly bench: Bench,
    private readonly pick: (at: number) => void,
  ) {
    this.box.addEventListener("scroll", () => this.draw());
    addEventListener("resize", () => this.draw());
  }

  /** @param top whether the list begins anew */
  show(order: readonly number[], at: number, view: View, top: boolean): void {
    const { box } = this;
    const moved = order === this.order ? 0 : at - this.at;
    [this.order, this.at, this.view] = [order, at, view];
    this.rows.style.height = `${order.length * rowHeight}px`;
    if (top) box.scrollTop = 0;
    else box.scrollTop += moved * rowHeight; // in a new order the row stays where it is seen
    if (at * rowHeight < box.scrollTop) box.scrollTop = at * rowHeight;
    if ((at + 1) * rowHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = (at + 1) * rowHeight - box.clientHeight;
    this.draw();
  }

  private draw(): void {
    if (!this.view) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / rowHeight) - 5);
    const last = Math.min(this.order.length, first + Math.ceil(this.box.clientHeight / rowHeight) + 10);
    this.rows.replaceChildren(...this.order.slice(first, last).map((pair, i) => this.row(pair, first + i)));
    if (this.at >= first && this.at < last) this.box.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private row(pair: number, place: number): HTMLElement {
    const { labels, content } = this.bench;
    const { name, row } = content.pairs[pair]!;
    const changed = labels.changedIn(pair);
    const scores = `${percent(labels.score(pair, "chosen"))} over ${percent(labels.score(pair, "rejected"))}`;
    const asked = row.prompt.map(({ content }) => content).join("\n");
    const head = element("b", "", [name]);
    const value = this.value(pair);
    if (value) head.append(element("small", "", value));
    const made = element(
      "div",
      "row",
      [head, element("i", "", `${changed > 0 ? `${changed} relabelled, ` : ""}${scores}: ${asked}`)],
      {
        id: `row-${place}`,
        role: "option",
        "aria-selected": String(place === this.at),
        "aria-setsize": String(this.order.length),
        "aria-posinset": String(place + 1),
      },
    );
    made.style.top = `${place * rowHeight}px`;
    made.addEventListener("click", () => this.pick(place));
    return made;
  }

  /** What it is sorted by. */
  private value(pair: number): string | undefined {
    const { sort } = this.view!;
    const value = sortValue(this.bench, pair, sort, this.view!);
    if (value === undefined) return undefined;
    if (sort.endsWith("margin")) return `${signed(value, 0)} points`;
    if (sort.endsWith("mixing")) return `${percent(value)} mixed`;
    return sort.endsWith("length") ? `${number(value)} tokens` : `push ${pushText(value)} per nat`;
  }
}

/** The page of pairs: filters, order, one pair, corrections; what is looked at stands in the address. */
import type { Verdict } from "../../../factuality/records";
import { sideNames, type Side } from "../../../preference/mask";
import { byId, copyButton, percent } from "../../../show/browser/dom";
import type { Content } from "../content";
import { Bench } from "./bench";
import { Controls } from "./controls";
import { Corrections } from "./corrections";
import { Labels, type Change, type Store } from "./labels";
import { PairList } from "./list";
import { offers } from "./objectives";
import { Order, sameList } from "./order";
import { PairView } from "./pairView";
import { number, several } from "./texts";
import { followTheme } from "./theme";
import { firstView, hashOfView, viewOfHash, type View } from "./view";

const content = JSON.parse(byId("data").textContent) as Content;
const store = ownStore();
const labels = new Labels(
  content.pairs.map(({ row }) => row),
  `mask-dpo-inspect ${content.hash}`,
  store,
);
const bench = new Bench(content, labels);
const orders = new Order(bench);

const preset = firstView(content);
const objectives = offers.flatMap(({ choice, missing }) => (missing ? [] : [choice.name]));
let view = preset;
let order: number[] = [];
/** what `order` was made for */
let listed: View | undefined;
/** whether verdicts have changed so that it would be another one */
let stale = false;
let waiting: ReturnType<typeof setTimeout> | undefined;

const list = new PairList(bench, (at) => go(at));
const pairView = new PairView(bench, relabel);
const corrections = new Corrections(bench, (change) => {
  if (order.includes(change.pair)) view = { ...view, pair: change.pair };
  redraw(change);
});
const controls = new Controls(content, (changes) => {
  look({ ...view, ...changes });
  remember();
});

/** Shows a view; the list begins anew where other pairs, or another order, are asked for. */
function look(next: View): void {
  const anew = !listed || !sameList(listed, next);
  if (anew) [order, listed, stale] = [orders.of(next), next, false];
  const at = Math.max(0, order.indexOf(next.pair ?? -1));
  view = { ...next, pair: order[at] ?? next.pair };
  controls.show(view);
  draw(anew);
}

/** Brings the list to the verdicts of now. Where the pair one works on is no longer of it, its neighbour is shown. */
function refresh(): void {
  const from = order.slice(order.indexOf(view.pair ?? -1));
  [order, stale] = [orders.of(view), false];
  view = { ...view, pair: from.find((pair) => order.includes(pair)) ?? order.at(-1) };
  draw(false);
  remember();
}

function draw(top: boolean): void {
  const at = Math.max(0, order.indexOf(view.pair ?? -1));
  list.show(order, at, view, top);
  pairView.show(order[at], view);
  corrections.show(view);
  say("stale", stale ? "Relabelled: the list keeps its order and its pairs until it is sorted again." : "");
  byId("refresh").hidden = !stale;
  byId<HTMLButtonElement>("previous").disabled = at <= 0;
  byId<HTMLButtonElement>("next").disabled = at >= order.length - 1;
  say("summary", summary());
}

/** Screen readers hear what is said anew. */
function say(id: string, text: string): void {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function summary(): string {
  const shares = sideNames.map((side) => {
    let [kept, all] = [0, 0];
    for (const pair of order) {
      const masked = bench.masked(pair, side, view.mask);
      kept += masked.kept;
      all += masked.weights.length;
    }
    return all > 0 ? `${percent(kept / all)} of ${side} tokens kept` : "";
  });
  const left = order.filter((pair) => bench.emptied(pair, view.mask)).length;
  const without = left > 0 ? `${several(left, "pair")} left out by this mask` : "";
  return [`${number(order.length)} of ${several(content.pairs.length, "pair")}`, ...shares, without]
    .filter(Boolean)
    .join(", ");
}

function go(at: number): void {
  view = { ...view, pair: order[Math.max(0, Math.min(order.length - 1, at))] };
  draw(false);
  pairView.toTop();
  remember();
}

function step(by: number): void {
  go(order.indexOf(view.pair ?? -1) + by);
}

function relabel(pair: number, side: Side, sentence: number, verdict: Verdict): void {
  redraw(labels.relabel(pair, side, sentence, verdict));
}

/** The list stays as it is, so that the pair that one works on does not go away: `refresh` brings it up to date. */
function redraw({ pair, side, sentence }: Change): void {
  bench.forget(pair);
  stale = orders.of(view).join() !== order.join();
  draw(false);
  if (view.pair === pair) pairView.focus(side, sentence);
}

/** Puts the view into the address: a step of the history where a reader stays for a moment. */
function remember(): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const hash = `#${hashOfView(view, preset)}`;
    if (hash !== location.hash) history.pushState(null, "", hash);
  }, 250);
}

/** @returns none where the browser gives a page no storage; what does not fit is not kept */
function ownStore(): Store | undefined {
  try {
    const { localStorage } = globalThis;
    return {
      getItem: (key) => localStorage.getItem(key),
      setItem: (key, value) => {
        try {
          localStorage.setItem(key, value);
        } catch {
          byId("kept").textContent = "This browser has no room left: corrections are lost when the page is closed.";
        }
      },
    };
  } catch {
    byId("kept").textContent = "This browser keeps nothing for this page: save before you close it.";
    return undefined;
  }
}

const keys: Readonly<Record<string, number>> = { j: 1, ArrowRight: 1, ArrowDown: 1, k: -1, ArrowLeft: -1, ArrowUp: -1 };

addEventListener("keydown", (event) => {
  const { tagName } = event.target as HTMLElement;
  const writes = tagName === "INPUT" && !["radio", "checkbox"].includes((event.target as HTMLInputElement).type);
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !writes) {
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) corrections.redo();
    else corrections.undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const takesKeys = ["INPUT", "SELECT"].includes(tagName);
  if (event.key === "Escape" && takesKeys) return (event.target as HTMLElement).blur();
  if (takesKeys) return;
  const by = keys[event.key];
  if (by) step(by);
  if (event.key === "/") byId("text").focus();
  if (by || event.key === "/") event.preventDefault();
});
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("refresh").addEventListener("click", refresh);
byId("reset").addEventListener("click", () => {
  listed = undefined;
  look(preset);
  remember();
});
const link = (): string => {
  clearTimeout(waiting);
  history.replaceState(null, "", `#${hashOfView(view, preset)}`);
  return location.href;
};
copyButton(byId("link"), link, () => "It is the address");
addEventListener("popstate", () => {
  clearTimeout(waiting);
  look(viewOfHash(location.hash, preset, objectives));
});
followTheme(store);
if (innerWidth <= 760) byId<HTMLDetailsElement>("tools").open = false;
look(viewOfHash(location.hash, preset, objectives));

/** Which pairs are listed, and in what order. */
import { sideNames } from "../../../preference/mask";
import type { Bench } from "./bench";
import type { Sort, View } from "./view";

type Key = Exclude<Sort, "" | `-${string}`>;

/** What pairs are sorted by; those without a value come last, whichever way. */
export function sortValue(bench: Bench, pair: number, sort: Sort, { mask, objective }: View): number | undefined {
  const values: Record<Key, () => number | undefined> = {
    margin: () => bench.margin(pair),
    mixing: () => bench.mixing(pair),
    length: () => bench.length(pair),
    push: () => bench.push(pair, mask, objective)?.total,
  };
  return sort === "" ? undefined : values[sort.replace("-", "") as Key]();
}

/** Whether two views list the same pairs in the same order. */
export function sameList(a: View, b: View): boolean {
  const keys = ["text", "topic", "verdict", "side", "low", "high", "sort"] as const;
  const pushed = a.sort.endsWith("push") ? (["mask", "objective"] as const) : [];
  return [...keys, ...pushed].every((key) => a[key] === b[key]);
}

export class Order {
  private readonly texts: string[] = [];

  constructor(private readonly bench: Bench) {}

  /** Indices in the file. */
  of(view: View): number[] {
    const shown = this.bench.content.pairs.map((_, i) => i).filter((pair) => this.matches(pair, view));
    if (view.sort === "") return shown;
    const upwards = view.sort.startsWith("-");
    const last = upwards ? Infinity : -Infinity;
    const values = new Map(shown.map((pair) => [pair, sortValue(this.bench, pair, view.sort, view) ?? last]));
    const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
    return shown.sort((a, b) => (upwards ? 1 : -1) * compare(values.get(a)!, values.get(b)!) || a - b);
  }

  private matches(pair: number, { text, topic, verdict, side, low, high }: View): boolean {
    const { name, row } = this.bench.content.pairs[pair]!;
    const words = (this.texts[pair] ??= [
      row.questionId,
      row.topic,
      name,
      ...row.prompt.map(({ content }) => content),
      row.chosen.completion,
      row.rejected.completion,
    ]
      .join("\n")
      .toLowerCase());
    if (!words.includes(text.toLowerCase())) return false;
    if (![name, row.topic].some((one) => one.toLowerCase().includes(topic.toLowerCase()))) return false;
    const margin = this.bench.margin(pair);
    if (low !== "" && margin < Number(low) - 1e-9) return false;
    if (high !== "" && margin > Number(high) + 1e-9) return false;
    if (verdict === "") return true;
    const sides = side === "" ? sideNames : [side];
    const { labels } = this.bench;
    if (verdict === "relabelled") return sides.some((of) => labels.changedOf(pair, of) > 0);
    return sides.some((of) => labels.sentences(pair, of).some((sentence) => sentence.verdict === verdict));
  }
}

/**
 * Added tokens with `lstrip` or `rstrip` take the white space before or behind them in (tokens of Phi's families do):
 * no token spells it, and it belongs to the one that took it.
 */
import type { OffsetMap } from "./normalise";

/** An added token and the sides on which it takes white space in. */
export interface Swallowing {
  content: string;
  lstrip: boolean;
  rstrip: boolean;
}

const space = /\s/;
const special = /[.*+?^${}()|[\]\\]/g;

/** The text without what such tokens take in, and offsets in it as offsets in the text; undefined without any. */
export function afterSwallowing(
  text: string,
  tokens: readonly Swallowing[],
): (OffsetMap & { text: string }) | undefined {
  if (tokens.length === 0) return undefined;
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const anyOf = new RegExp(longestFirst.map((content) => content.replace(special, "\\$&")).join("|"), "gu");
  const starts: number[] = []; // of what is kept, in the text
  const ends: number[] = [0];
  let rest = "";
  let from = 0;
  const keep = (to: number): void => {
    rest += text.slice(from, to);
    for (; from < to; from++) {
      starts.push(from);
      ends.push(from + 1);
    }
  };
  for (const { 0: content, index } of text.matchAll(anyOf)) {
    const { lstrip, rstrip } = byContent.get(content)!;
    const to = index + content.length;
    let before = index;
    let behind = to;
    if (lstrip) while (before > from && space.test(text[before - 1]!)) before--;
    if (rstrip) while (behind < text.length && space.test(text[behind]!)) behind++;
    keep(before);
    from = index;
    const first = starts.length;
    keep(to);
    starts[first] = before;
    ends[starts.length] = behind;
    from = behind;
  }
  keep(text.length);
  return { text: rest, start: (at) => starts[at] ?? text.length, end: (at) => ends[at]! };
}

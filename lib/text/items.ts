/**
 * Items of lists that stand in one line: "1. … 2. …", "a) … b) …", "(i) … (ii) …", "• … • …". Marks count on from the
 * one that opens the line, follows a colon, or is the first of its kind behind a stop; capitals mark an item only where
 * they open a line, since elsewhere they are initials.
 */

import { endsSentence } from "./fullStop";

export interface Item {
  /** Where its mark begins and ends. */
  start: number;
  end: number;
  /** Whether what stands before it in the line is a sentence of its own. */
  breaks: boolean;
}

const romans = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"];
const other = /[A-Z]|[IVX]{1,5}|\d{1,3}(?:\.\d{1,3})+/;
const mark = new RegExp(
  `[*_]{0,3}(\\(?)(?:(\\d{1,3})|([a-z])|([ivx]{1,5})|(?:${other.source}))(\\.\\)|[.)])[*_]{0,3}(?=\\s)`,
  "y",
);
const opening = /^[\s>*_#•+-]*/;
const space = /\s/;

/** A mark without its number: which ones count on from it. */
interface Kind {
  style: string;
  value: number;
}

/** In order, as offsets in the line. */
export function itemsOf(line: string): Item[] {
  let first = opening.exec(line)![0].length;
  while (first > 0 && /[*_]/.test(line[first - 1]!)) first--; // emphasis of the mark itself
  const bulleted = line.slice(0, first).trim() === "•";
  const items: Item[] = [];
  let last: Kind | undefined;
  for (let at = first; at < line.length; at++) {
    if (at > first && !space.test(line[at - 1]!)) continue;
    if (bulleted && line[at] === "•") items.push({ start: at, end: at + 1, breaks: true });
    mark.lastIndex = at;
    const found = mark.exec(line);
    if (!found) continue;
    const end = at + found[0].length;
    const kind = kindOf(found, last);
    const nested = items.at(-1)?.end === at - 1; // "• 2. …"
    if (at > first && !nested && !(kind && follows(kind, last, line, at, end))) continue;
    items.push({ start: at, end, breaks: at > first && !nested });
    last = kind ?? last;
    at = end - 1;
  }
  return items;
}

function kindOf([, open, number, letter, roman, close]: RegExpExecArray, last: Kind | undefined): Kind | undefined {
  const style = `${open}${close}`;
  if (number !== undefined) return { style: `1${style}`, value: Number(number) };
  const numeral = romans.indexOf(roman ?? letter ?? "") + 1;
  if (numeral > 0 && (roman !== undefined || (last ? last.style === `i${style}` : letter === "i")))
    return { style: `i${style}`, value: numeral };
  return letter === undefined ? undefined : { style: `a${style}`, value: letter.charCodeAt(0) - 96 };
}

/** Whether a mark from `at` to `end` counts on from the last one, or begins a list. */
function follows({ style, value }: Kind, last: Kind | undefined, line: string, at: number, end: number): boolean {
  let stop = at - 1;
  while (stop > at - 8 && stop > 0 && space.test(line[stop]!)) stop--;
  const stopped = line[stop] === "." ? endsSentence(line, stop, at, 0) : /[!?:;…。]/.test(line[stop] ?? "");
  if (!last) return value === 1 && stopped;
  if (style !== last.style || value !== last.value + 1) return false;
  // "1. He scored 2. 40 saw it": a number with a full stop may also end a sentence
  return stopped || !style.endsWith("1.") || /^\s+\p{Lu}/u.test(line.slice(end, end + 8));
}

/**
 * Spans that were counted in other units than ours. Offsets are UTF-16 code units; Python counts code points, so that
 * behind every character beyond U+FFFF (an emoji, say) its spans stand one too early: still inside the text, in order,
 * not empty. What gives them away is that they begin or end inside a word or inside such a character; or, after one
 * alone, that they begin with the space and end before the stop, and would not if they were code points.
 */
import { andMore } from "../base/check";
import { notice } from "../base/notice";
import type { Sentence } from "./records";

/** A text with its spans, and the line it stands on. */
export interface PlacedSpans {
  line: number;
  completion: string;
  sentences: readonly Sentence[];
}

const beyond = /[\u{10000}-\u{10FFFF}]/u;
const endsInWord = /[\p{L}\p{N}]\p{M}*$/u;
const beginsInWord = /^[\p{L}\p{N}\p{M}]/u;

/** Says which lines of a file have spans that are perhaps counted in code points. */
export function noticeOtherUnits(file: string, rows: Iterable<PlacedSpans>): void {
  const lines = new Set<number>();
  for (const row of rows) if (beyond.test(row.completion) && inOtherUnits(row)) lines.add(row.line);
  if (lines.size === 0) return;
  notice(
    `${file}: spans begin or end inside a word or character, or beside the stop, on line ` +
      `${andMore([...lines].map(String))}, in texts with characters beyond U+FFFF. ` +
      "Offsets count UTF-16 code units; are these code points, as Python counts them?",
  );
}

type Offsets = Pick<Sentence, "start" | "end">;

/** Whether a span begins or ends inside a word or a character. */
export function cutsWord(text: string, { start, end }: Offsets): boolean {
  return cuts(text, start) || cuts(text, end);
}

/** Whether it begins with space, or leaves its stop out. */
export function besideStop(text: string, { start, end }: Offsets): boolean {
  return /^\s/.test(text.slice(start, end)) || /^[.!?…]/.test(text.slice(end));
}

function inOtherUnits({ completion, sentences }: Omit<PlacedSpans, "line">): boolean {
  if (sentences.some((span) => cutsWord(completion, span))) return true;
  if (!sentences.some((span) => besideStop(completion, span))) return false;
  const places = unitsOfPoints(completion);
  return sentences.every(({ start, end }) => {
    const [from, to] = [places[start], places[end]];
    if (from === undefined || to === undefined || cuts(completion, from) || cuts(completion, to)) return false;
    return !besideStop(completion, { start: from, end: to });
  });
}

/** Where every code point of a text begins, in UTF-16 code units, and where the text ends. */
function unitsOfPoints(text: string): number[] {
  const places = [0];
  for (const character of text) places.push(places.at(-1)! + character.length);
  return places;
}

function cuts(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  if (/[\uD800-\uDBFF]/.test(text[at - 1]!) && /[\uDC00-\uDFFF]/.test(text[at]!)) return true;
  return endsInWord.test(text.slice(Math.max(0, at - 16), at)) && beginsInWord.test(text.slice(at, at + 2));
}

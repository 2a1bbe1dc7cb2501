/**
 * Where copied sentences lie in their text: for annotations that carry their sentences as strings instead of offsets.
 *
 * Rule: white space and citation marks ([2]), which copies tend to lose, do not count, neither in the text nor in
 * the copy. Each sentence is sought behind the one before it and taken where it comes first; one that is not there
 * is missing, and the next is sought from the same place. A span runs from the sentence's first visible character
 * to its last, so a citation mark inside it is part of it.
 */
import type { Span } from "./sentence";

/** One found sentence; `verbatim` says that the text has it character by character. */
export interface LocatedSentence extends Span {
  verbatim: boolean;
}

const IGNORED = /\s+|\[\d+\]/g;

/** One entry per sentence, in order, not overlapping; undefined where the text does not have it. */
export function locateSentences(text: string, sentences: readonly string[]): (LocatedSentence | undefined)[] {
  const visible = visibleOf(text);
  let from = 0; // in visible characters
  return sentences.map((sentence) => {
    const wanted = visibleOf(sentence).text;
    const found = wanted === "" ? -1 : visible.text.indexOf(wanted, from);
    if (found < 0) return undefined;
    from = found + wanted.length;
    const span = { start: visible.at[found]!, end: visible.at[from - 1]! + 1 };
    return { ...span, verbatim: text.slice(span.start, span.end) === sentence.trim() };
  });
}

/** The characters that count, and where each stands. */
function visibleOf(text: string): { text: string; at: number[] } {
  const at: number[] = [];
  let from = 0;
  const keepTo = (to: number): void => {
    for (; from < to; from++) at.push(from);
  };
  for (const { index, 0: ignored } of text.matchAll(IGNORED)) {
    keepTo(index);
    from += ignored.length;
  }
  keepTo(text.length);
  return { text: text.replace(IGNORED, ""), at };
}

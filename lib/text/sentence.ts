/**
 * Sentences as spans of character offsets (UTF-16 code units, end exclusive); the text itself is never copied.
 * Paper §2.2: annotation, score and mask all count in sentences.
 *
 * Rule: a sentence ends after a run of . ! ? … and any closing quotes or brackets, when white space or the end of
 * the text follows; after a run of 。！？ whatever follows; and at a line break. White space at either side belongs to
 * no span; a stretch without any letter or digit (a lone "…", a bullet) joins the sentence before it.
 * An abbreviation (St., Mr., e.g., an initial) ends no sentence unless the text or the line ends there.
 *
 * deviates from official (`((?:[.!?;]\s+)|(?:\n+))`): no break at semicolons, abbreviations are kept whole, closing
 * quotes stay with their sentence, and spans are offsets, so a sentence is always a substring of the text.
 */

/** Where one sentence lies in its text. */
export interface Span {
  start: number;
  end: number;
}

const BOUNDARY = /[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n/gu;
const ABBREVIATION = /(?:^|[\s("'“‘])(?:\p{Lu}|St|Mt|Ft|Mr|Mrs|Ms|Dr|Prof|Jr|Sr|e\.g|i\.e|U\.S|U\.K|D\.C)\.$/u;

/** All sentences in order; empty for a text without a visible character. */
export function splitSentences(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(BOUNDARY)) {
    const end = match.index + match[0].length;
    if (isAbbreviation(text, from, end)) continue;
    addSpan(text, from, end, spans);
    from = end;
  }
  addSpan(text, from, text.length, spans);
  return spans;
}

/** A lone stop that closes an abbreviation in mid-line: more text follows on the same line. */
function isAbbreviation(text: string, from: number, end: number): boolean {
  return (
    text[end - 1] === "." &&
    /^[^\S\n]+\S/.test(text.slice(end, end + 16)) &&
    ABBREVIATION.test(text.slice(Math.max(from, end - 8), end))
  );
}

function addSpan(text: string, from: number, to: number, spans: Span[]): void {
  const piece = text.slice(from, to);
  const body = piece.trim();
  if (!body) return;
  const start = from + piece.indexOf(body);
  const last = spans.at(-1);
  if (last && !/[\p{L}\p{N}]/u.test(body)) last.end = start + body.length;
  else spans.push({ start, end: start + body.length });
}

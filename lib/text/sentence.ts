/**
 * Sentences as spans of character offsets (UTF-16 code units, end exclusive); the text itself is never copied.
 * Paper §2.2: annotation, score and mask all count in sentences.
 *
 * Rule: a sentence ends at a line break, and after a run of stops (Unicode's sentence terminals and ellipses) with the
 * closing quotes, brackets, emphasis and citation marks behind it: after . ! ? … where white space follows, after the
 * stops of other scripts whatever follows. A single full stop ends none behind an abbreviation or an initial
 * (`fullStop.ts`), nor does that of a list's number, before which one ends (`items.ts`), nor, when the line goes on in
 * lower case, do a stop before a closing mark, an exclamation mark or an ellipsis. Fenced code, headings and rows of
 * tables are each one sentence. White space at either side belongs to no span; a stretch without any letter or digit
 * (a lone "…", a rule) joins the sentence before it; a thought before the answer (`thought.ts`) has no sentences. Time
 * is linear in the text, whatever it is.
 *
 * deviates from official (`((?:[.!?;]\s+)|(?:\n+))`): no break at semicolons, abbreviations are kept whole, closing
 * quotes stay with their sentence, and spans are offsets, so a sentence is always a substring of the text. Rules, and
 * not the platform's Intl.Segmenter: that knows no abbreviation and differs between versions of ICU
 * (test/text/sentenceCorpus.test.ts measures both).
 */
import { endsSentence } from "./fullStop";
import { itemsOf } from "./items";
import { linesOf } from "./lines";
import { answerStart } from "./thought";

/** Where one sentence lies in its text. */
export interface Span {
  start: number;
  end: number;
}

/** All sentences in order; empty for a text without a visible character. */
export function splitSentences(text: string): Span[] {
  const spans: Span[] = [];
  for (const { start, end, whole } of linesOf(text, answerStart(text))) {
    let from = start;
    if (!whole)
      for (const to of endsWithin(text, start, end)) {
        addSpan(text, from, to, spans);
        from = to;
      }
    addSpan(text, from, end, spans);
  }
  return spans;
}

/** Stops of Latin and related scripts, which also stand inside words and numbers. */
const spaced = ".!?…‥‼⁇⁈⁉‽";
const terminal = /[\p{Sentence_Terminal}…‥\u037e]/u;
const space = /\s/;
const lower = /\p{Ll}/u;
const digit = /\p{Nd}/u;
/** What closes with the sentence: quotes, brackets, emphasis, tags, raised numbers of notes. */
const closers = /(?:["'”’“‘»›)\]}」』）】》〉〕＂＇*_~`⁰¹²³⁴-⁹†‡]|[ \u00a0\u202f]»(?!\S)|<\/\w{1,10}>)*/y;
const citations = /(?:[ \t]?\[(?:\^?\d{1,4}(?:\s?[,–-]\s?\d{1,4}){0,9}|[a-z]|note \d{1,3}|citation needed)\])+/y;
/** Behind a closing bracket of Japanese: the clause goes on. */
const particle = /[とっのはがをにでもな、，]/;

function isStop(character: string | undefined): boolean {
  if (character === undefined) return false;
  return character < "\x80" ? character === "." || character === "!" || character === "?" : terminal.test(character);
}

/** Where sentences end within a line, the line's own end aside. */
function* endsWithin(text: string, start: number, to: number): Generator<number> {
  const items = itemsOf(text.slice(start, to));
  let item = 0;
  let sentence = start;
  for (let at = start; at < to;) {
    while (item < items.length && start + items[item]!.start < at) item++;
    if (item < items.length && at === start + items[item]!.start) {
      if (items[item]!.breaks) yield (sentence = at);
      at = start + items[item]!.end; // the stop of a number ends nothing
      continue;
    }
    if (!isStop(text[at])) {
      at++;
      continue;
    }
    let run = at;
    while (run < to && isStop(text[run])) run++;
    const closed = matchedTo(closers, text, run, to);
    const cited = matchedTo(citations, text, closed, to);
    const end = matchedTo(closers, text, cited, to);
    let next = end;
    while (next < to && space.test(text[next]!)) next++;
    if (next === to) return;
    if (next > end && isStop(text[next])) {
      at = next; // ". . .", "Fine. …"
      continue;
    }
    const ends = isEnd({ text, sentence, at, run, closed, cited, end, next });
    if (ends) yield end;
    if (ends) sentence = next;
    at = ends ? end : run;
  }
}

/** A run of stops from `at`, what closes behind it, and the next visible character of the line. */
interface Stop {
  text: string;
  /** Where the sentence begins. */
  sentence: number;
  at: number;
  run: number;
  /** Behind closing marks, behind citations, behind all of them. */
  closed: number;
  cited: number;
  end: number;
  next: number;
}

function isEnd({ text, sentence, at, run, closed, cited, end, next }: Stop): boolean {
  for (let i = at; i < run; i++)
    if (!spaced.includes(text[i]!)) {
      if (run === at + 1 && digit.test(text[at - 1] ?? "") && digit.test(text[run] ?? "")) return false; // ３．５
      return !(closed > run && next === end && particle.test(text[next]!));
    }
  const goesOn = lower.test(text[next]!);
  if (next === end && (cited === closed || goesOn)) return false; // inside a word, a number, an address
  if (goesOn && (closed > run || text[run - 1] === "!" || isEllipsis(text, at, run))) return false;
  if (closed > run && "[(".includes(text[at - 1] ?? " ")) return false; // [...]
  return run > at + 1 || text[at] !== "." || endsSentence(text, at, next, sentence);
}

function isEllipsis(text: string, at: number, run: number): boolean {
  return text[run - 1] === "…" || (run > at + 1 && text[run - 1] === "." && text[run - 2] === ".");
}

function matchedTo(pattern: RegExp, text: string, from: number, to: number): number {
  pattern.lastIndex = from;
  return Math.min(to, from + (pattern.exec(text)?.[0].length ?? 0));
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

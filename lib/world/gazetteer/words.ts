/** A sentence as words: numbers, marks that part clauses, and letters without their accents. */

export interface Word {
  start: number;
  end: number;
  /** without accents, as it is cased */
  text: string;
  lower: string;
}

/** The same text without accents, letter by letter, so that offsets stay. */
export function fold(text: string): string {
  return Array.from({ length: text.length }, (_, i) => unaccented(text[i]!)).join("");
}

const letters = new Map([
  ["đ", "d"],
  ["Đ", "D"],
  ["ł", "l"],
  ["Ł", "L"],
  ["ı", "i"],
  ["ø", "o"],
  ["Ø", "O"],
  ["’", "'"],
  ["ʻ", "'"],
  ["‘", "'"],
]);

function unaccented(unit: string): string {
  if (unit < "\x80") return unit;
  return letters.get(unit) ?? unit.normalize("NFD")[0]!;
}

/** Initials, numbers, words, the possessive, and marks. */
const pattern = /(?:\p{Lu}\.){2,}|\d+(?:[.,]\d+)*|'s\b|[\p{L}\p{M}]+(?:'(?!s\b)\p{L}+)*|[,;:()%°²?[\]]/gu;

/** The number or dash of an item in a list, which the sentence begins behind. */
const bullet = /^\s*(?:\d{1,2}[.):]|[-*•])\s+/;

/** Words of a text, with offsets into it. */
export function wordsOf(text: string): Word[] {
  return [
    ...fold(text)
      .replace(bullet, (item) => " ".repeat(item.length))
      .matchAll(pattern),
  ].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
    lower: match[0].toLowerCase(),
  }));
}

/** What a name is looked up by: its words. */
export function nameKey(name: string): string {
  return wordsOf(name)
    .map(({ text }) => text)
    .join(" ");
}

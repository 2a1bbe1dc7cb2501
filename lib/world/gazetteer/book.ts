/** What a sentence claims, as the rules find it, and which of its words they have taken account of. */
import type { Town } from "./lexicon";
import type { Clause, Sentence, Token } from "./sentence";

export type Truth = "right" | "wrong" | "unknown";

export const truthOf = (holds: boolean): Truth => (holds ? "right" : "wrong");

/** Of a statement that is denied. */
const denied: Readonly<Record<Truth, Truth>> = { right: "wrong", wrong: "right", unknown: "unknown" };
const negations = new Set(["not", "never", "no", "isn't", "neither", "nor", "cannot", "without", "doesn't", "aren't"]);

export class Book {
  readonly claims: Truth[] = [];
  /** wrong countries that cities were put into */
  readonly misplaced: { town: Town; country: string }[] = [];
  readonly #told = new Set<number>();
  readonly tokens: readonly Token[];

  constructor({ tokens }: Sentence) {
    this.tokens = tokens;
  }

  /** Notes what tokens say together; a "not" shortly before the first of them turns it round. */
  claim(truth: Truth, ...at: readonly number[]): void {
    const first = Math.min(...at);
    const negation = this.nearestLeft(first, negations, 4);
    this.claims.push(negation === undefined ? truth : denied[truth]);
    if (negation !== undefined) this.tell(negation);
    this.tell(...at);
  }

  tell(...at: readonly number[]): void {
    for (const i of at) this.#told.add(i);
  }

  isTold(i: number): boolean {
    return this.#told.has(i);
  }

  /** The nearest token to the left that is one of these words. @param reach how many tokens back */
  nearestLeft(i: number, list: ReadonlySet<string>, reach: number, from = 0): number | undefined {
    for (let k = i - 1; k >= Math.max(from, i - reach); k--) if (list.has(this.tokens[k]!.lower)) return k;
    return undefined;
  }

  nearestRight(i: number, list: ReadonlySet<string>, reach: number, to = this.tokens.length): number | undefined {
    for (let k = i + 1; k <= i + reach && k < to; k++) if (list.has(this.tokens[k]!.lower)) return k;
    return undefined;
  }

  /** The lower-case words of `from` to `to`, one space between. */
  text(from: number, to: number): string {
    return this.tokens
      .slice(Math.max(0, from), to)
      .map(({ lower }) => lower)
      .join(" ");
  }
}

/** A rule looks for one kind of statement in a clause. */
export type Rule = (book: Book, clause: Clause) => void;

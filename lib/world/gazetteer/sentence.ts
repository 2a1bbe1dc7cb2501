/**
 * What a sentence is made of: words, some of them names, in clauses that each say something of one subject. A clause
 * ends where another subject is named before a verb ("…, and the currency is the euro"), and at "which".
 */
import type { Span } from "../../text/sentence";
import type { CountryRow } from "../facts";
import type { Topic } from "../relation";
import type { Lexicon, Reading, Town } from "./lexicon";
import { fold, nameKey, wordsOf, type Word } from "./words";

/** A word, or the words of one name. */
export interface Token extends Word {
  /** empty for a plain word */
  readings: readonly Reading[];
}

/** Who a clause speaks of: a city, a country, or something the facts know nothing of. */
export type Subject =
  | { kind: "city"; town: Town }
  | { kind: "country"; country: CountryRow }
  | { kind: "people"; country: CountryRow; town?: Town }
  | { kind: "other" };

export interface Clause {
  /** tokens `from` to `to`, end exclusive */
  from: number;
  to: number;
  subject: Subject;
  /** where the subject's words end */
  head: number;
  /** country of the topic: "the country" of whatever is spoken of */
  home: CountryRow;
}

export interface Sentence {
  tokens: readonly Token[];
  clauses: readonly Clause[];
}

const verbs = words(
  "is are was were has have had lies lie lay sits stands borders covers speak speaks use uses pay pays belongs " +
    "contains consists shares spans boasts serves became becomes located situated comprises includes offers " +
    "consisting being stretches attracts features neighbors neighbours",
);
const pronouns = words("it its they their there he she his her this these here");
const cityNouns = words("city town metropolis municipality");
const nationNouns = words("country nation state republic kingdom government");
/** Heads that somebody has: the subject is who has them. */
const possessed = words(
  "capital currency currencies language languages population number people residents inhabitants locals citizens " +
    "area neighbour neighbor neighbours neighbors border borders economy climate culture region money continent coast",
);
const modifiers = words(
  "official main national primary local major current total estimated most common spoken largest widely predominant " +
    "neighbouring neighboring principal biggest sovereign same surrounding native legal only nearest entire whole",
);
const articles = words("the a an both all some many most each every one of");
const joiners = words(", ; : and while but whereas ( as");
const relatives = words("which who where that whose");

export function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

/** A name that answers shorten to one of its words, or spell with another end. */
function isFormOf(word: string, name: string): boolean {
  return (
    name.length > 4 && word.length <= name.length + 3 && word.startsWith(name.slice(0, Math.max(5, name.length - 2)))
  );
}

/** The town of a topic; a topic that is a country is one without a row of its own. */
export function townOf({ name, country, city }: Topic): Town {
  return { name, country, ...(city && { row: city }) };
}

export function countryOf(subject: Subject): CountryRow | undefined {
  if (subject.kind === "other") return undefined;
  return subject.kind === "city" ? subject.town.country : subject.country;
}

/** Takes sentences of one answer apart, in their order: "it" is whom the sentence before spoke of. */
export class Reader {
  readonly #lexicon: Lexicon;
  readonly #town: Town;
  readonly #name: readonly string[];
  #last: Subject;

  constructor(lexicon: Lexicon, topic: Topic) {
    this.#lexicon = lexicon;
    this.#town = townOf(topic);
    this.#name = nameKey(topic.name).split(" ");
    this.#last = { kind: "city", town: this.#town };
  }

  read(completion: string, { start, end }: Span): Sentence {
    const tokens = this.#tokens(wordsOf(completion.slice(start, end)));
    const clauses = this.#clauses(tokens);
    this.#last = clauses[0]?.subject ?? this.#last;
    return { tokens, clauses };
  }

  #tokens(all: readonly Word[]): Token[] {
    const tokens: Token[] = [];
    for (let i = 0; i < all.length;) {
      const found = this.#topicAt(all, i) ?? this.#lexicon.at(all, i);
      const length = found?.length ?? 1;
      const own = all.slice(i, i + length);
      tokens.push({
        start: own[0]!.start,
        end: own.at(-1)!.end,
        text: own.map(({ text }) => text).join(" "),
        lower: own.map(({ lower }) => lower).join(" "),
        readings: found?.readings ?? [],
      });
      i += length;
    }
    return tokens;
  }

  /** The topic's name, or the long word of it that answers shorten it to. */
  #topicAt(all: readonly Word[], i: number): { length: number; readings: Reading[] } | undefined {
    const whole = this.#name.every((word, k) => all[i + k]?.lower === word.toLowerCase());
    const part = this.#name.some((word) => isFormOf(all[i]!.text, word));
    if (!whole && (!part || this.#lexicon.at(all, i))) return undefined;
    return { length: whole ? this.#name.length : 1, readings: [{ kind: "city", town: this.#town }] };
  }

  #clauses(tokens: readonly Token[]): Clause[] {
    const home = this.#town.country;
    const first = this.#subjectAt(tokens, 0, this.#last, true);
    const clauses: Clause[] = [{ from: 0, to: tokens.length, home, ...(first ?? this.#opening(tokens)) }];
    for (let i = 1; i < tokens.length; i++) {
      const open = clauses.at(-1)!;
      const next = this.#boundary(tokens, i, open.subject);
      if (!next || i <= open.head) continue;
      open.to = i;
      clauses.push({ from: i, to: tokens.length, home, ...next });
    }
    return clauses;
  }

  /** A sentence that does not begin with its subject: whom its first words name before a verb, or the topic. */
  #opening(tokens: readonly Token[]): Pick<Clause, "subject" | "head"> {
    const comma = tokens.findIndex(({ text }) => text === ",");
    const later = comma > 0 ? this.#subjectAt(tokens, comma + 1, this.#last, true) : undefined;
    if (later) return { subject: later.subject, head: 0 };
    const [start] = tokens;
    const named = start && /^\p{Lu}/u.test(start.text) && verbs.has(tokens[1]?.lower ?? "") && !this.#isMisspelt(start);
    return { subject: named ? { kind: "other" } : { kind: "city", town: this.#town }, head: 0 };
  }

  #isMisspelt({ lower, readings }: Token): boolean {
    return readings.length > 0 || lower.slice(0, 3) === fold(this.#name[0]!).slice(0, 3).toLowerCase();
  }

  #boundary(tokens: readonly Token[], i: number, subject: Subject): Pick<Clause, "subject" | "head"> | undefined {
    const word = tokens[i]!.lower;
    if (relatives.has(word) && verbs.has(tokens[i + 1]?.lower ?? "")) {
      const before = tokens.slice(Math.max(0, i - 2), i);
      const named = before.flatMap((token) => this.#subjectOf(token) ?? []).at(-1);
      if (named) return { subject: named, head: i };
      return before.some(({ lower }) => cityNouns.has(lower)) ? undefined : { subject: { kind: "other" }, head: i };
    }
    if (!joiners.has(word) || joiners.has(tokens[i + 1]?.lower ?? "")) return undefined;
    return this.#subjectAt(tokens, i + 1, subject, false);
  }

  /** The subject whose words begin here, if a verb follows them. */
  #subjectAt(
    tokens: readonly Token[],
    from: number,
    current: Subject,
    first: boolean,
  ): Pick<Clause, "subject" | "head"> | undefined {
    let i = from;
    while (joiners.has(tokens[i]?.lower ?? "")) i++;
    while (articles.has(tokens[i]?.lower ?? "") || modifiers.has(tokens[i]?.lower ?? "")) i++;
    const token = tokens[i];
    if (!token) return undefined;
    if (pronouns.has(token.lower)) {
      const has = possessed.has(tokens[i + 1]?.lower ?? "") || modifiers.has(tokens[i + 1]?.lower ?? "");
      return has || verbs.has(tokens[i + 1]?.lower ?? "") || first ? { subject: current, head: i + 1 } : undefined;
    }
    const verb = this.#verbAfter(tokens, i, first ? 14 : 8);
    if (verb === undefined) return undefined;
    const owner = (at: number): Subject | undefined => this.#owner(tokens, at, verb);
    const topic: Subject = { kind: "city", town: this.#town };
    const home: Subject = { kind: "country", country: this.#town.country };
    if (possessed.has(token.lower)) {
      const of = owner(i + 1) ?? (token.lower === "population" || token.lower === "number" ? topic : home);
      const country = countryOf(of);
      if (token.lower === "people" && country)
        return { subject: { kind: "people", country, ...(of.kind === "city" && { town: of.town }) }, head: verb };
      return { subject: of, head: verb };
    }
    if (cityNouns.has(token.lower)) return { subject: owner(i + 1) ?? topic, head: verb };
    if (nationNouns.has(token.lower)) return { subject: owner(i + 1) ?? home, head: verb };
    const named = this.#subjectOf(token);
    return named && { subject: named, head: verb };
  }

  /** Whom "of …", "in …" or "who live in …" names before the verb. */
  #owner(tokens: readonly Token[], from: number, verb: number): Subject | undefined {
    const own = tokens.slice(from, verb);
    const named = own.flatMap((token) => this.#subjectOf(token) ?? []);
    if (named.length > 0) return named[0];
    if (own.some(({ lower }) => nationNouns.has(lower))) return { kind: "country", country: this.#town.country };
    if (own.some(({ lower }) => cityNouns.has(lower))) return { kind: "city", town: this.#town };
    return own.some(({ text }) => /^\p{Lu}/u.test(text)) ? { kind: "other" } : undefined;
  }

  #verbAfter(tokens: readonly Token[], from: number, reach: number): number | undefined {
    for (let i = from + 1; i <= from + reach && i < tokens.length; i++) {
      if (!verbs.has(tokens[i]!.lower)) continue;
      if (/^(located|situated|being)$/.test(tokens[i]!.lower) && i > from + 1) continue;
      return i;
    }
    return undefined;
  }

  /** The subject a name makes; of a city and a country of one name the city. */
  #subjectOf({ readings }: Token): Subject | undefined {
    for (const reading of readings) {
      if (reading.kind === "city") return { kind: "city", town: reading.town };
      if (reading.kind === "country") {
        const home = reading.countries.find((country) => country === this.#town.country);
        return { kind: "country", country: home ?? reading.countries[0]! };
      }
    }
    const place = readings.some(({ kind }) => kind === "continent" || kind === "region" || kind === "water");
    return place ? { kind: "other" } : undefined;
  }
}

/** Statements about a nation: its capital, languages, money and neighbours. */
import type { CountryRow } from "../facts";
import { moreCapitals, moreLanguages } from "./aliases";
import { truthOf, type Book, type Rule } from "./book";
import { unitOf, type Reading } from "./lexicon";
import { countryOf, words, type Clause, type Token } from "./sentence";
import { fold } from "./words";

type Of<K extends Reading["kind"]> = Extract<Reading, { kind: K }>;

/** The reading of that kind, if a token has one. */
export function reading<K extends Reading["kind"]>(token: Token | undefined, kind: K): Of<K> | undefined {
  return token?.readings.find((one): one is Of<K> => one.kind === kind);
}

/** Whether any of the countries a name may stand for is this one. */
export function isCountry({ readings }: Token, country: CountryRow): boolean {
  return readings.some((one) => (one.kind === "country" || one.kind === "people") && one.countries.includes(country));
}

const isCapital = (name: string, { capital, code }: CountryRow): boolean =>
  [capital, ...(moreCapitals[code] ?? [])].some((one) => fold(one).toLowerCase() === fold(name).toLowerCase());

const provinces = words(
  "province state region district prefecture department oblast county territory governorate republic area municipality",
);
const nations = words("country nation");

/** "The capital of Spain is Madrid", "Madrid, the capital", "the South Korean capital", "the national capital". */
export const capitals: Rule = (book, clause) => {
  for (let i = clause.from; i < clause.to; i++) {
    if (book.tokens[i]!.lower !== "capital" || book.isTold(i)) continue;
    const owner = ownerOf(book, clause, i);
    if (owner === "province") {
      const status = clause.subject.kind === "city" ? clause.subject.town.row?.status : undefined;
      const isOne = status === "regional capital" || status === "national capital";
      book.claim(isOne || status === undefined ? "unknown" : "wrong", i);
      continue;
    }
    const named = namedCapital(book, clause, i);
    if (!owner || !named) book.claim("unknown", i);
    else book.claim(truthOf(isCapital(named.name, owner)), i, ...named.at);
  }
};

/** Whose capital it is. */
function ownerOf(
  book: Book,
  { from, to, subject, head, home }: Clause,
  i: number,
): CountryRow | "province" | undefined {
  const { tokens } = book;
  const before = tokens[i - 1]?.text === "'s" ? i - 2 : i - 1;
  if (before >= from && before > head) {
    const adjective = countriesOf(tokens[before]);
    if (adjective) return adjective[0];
  }
  const of = book.nearestRight(i, words("of in for"), 2, to);
  if (of === undefined) return tokens[i - 1]?.lower === "state" ? "province" : countryOf(subject);
  let owner: CountryRow | undefined;
  for (let k = of + 1; k < Math.min(to, of + 7); k++) {
    const { lower } = tokens[k]!;
    if (/^(is|are|was|and|,|which)$/.test(lower)) break;
    if (provinces.has(lower) && !countriesOf(tokens[k + 1]) && !countriesOf(tokens[k + 2])) return "province";
    const town = reading(tokens[k], "city")?.town;
    const named = countriesOf(tokens[k]);
    if (!named && !town && /^\p{Lu}/u.test(tokens[k]!.text)) return undefined;
    owner ??= named?.[0] ?? town?.country;
    if (owner) {
      book.tell(k);
      return owner;
    }
    if (nations.has(lower) && tokens[k + 1]?.lower !== "of") return countryOf(subject) ?? home;
  }
  return owner;
}

/** Countries a name stands for, as such or by their people. */
export function countriesOf(token: Token | undefined): readonly CountryRow[] | undefined {
  return (reading(token, "country") ?? reading(token, "people"))?.countries;
}

/** Which city is said to be it: what follows "is", stands beside it after a comma, or is the subject. */
function namedCapital(
  book: Book,
  { from, to, subject, head }: Clause,
  i: number,
): { name: string; at: number[] } | undefined {
  const { tokens } = book;
  const verb = book.nearestRight(i, words("is was called named :"), 8, to);
  const isSubject = i <= head || from === i || !book.nearestLeft(i, words("is are was as ,"), 12, from);
  const after = verb ?? (tokens[i + 1]?.text === "," ? i + 1 : tokens[i + 1]?.lower === "city" ? i + 1 : undefined);
  if (after !== undefined && (isSubject || verb === undefined)) {
    for (let k = after + 1; k < Math.min(to, after + 7); k++) {
      const town = reading(tokens[k], "city")?.town;
      if (town) return { name: town.name, at: [k] };
      if (/^\p{Lu}/u.test(tokens[k]!.text)) return { name: tokens[k]!.text, at: [k] };
    }
    if (isSubject) return undefined;
  }
  if (subject.kind === "city") return { name: subject.town.name, at: [] };
  const [start] = tokens;
  const isNamed = subject.kind === "other" && from === 0 && start!.readings.length === 0;
  return isNamed ? { name: start!.text, at: [0] } : undefined;
}

const languageCues = words(
  "language languages speak speaks spoken speaking dialect dialects tongue tongues speakers linguistic",
);
const hedges = words("also widely other minority many second some several sometimes including influences");

/** "The people speak Spanish", "Spanish is the official language", "a Spanish-speaking country". */
export const languages: Rule = (book, clause) => {
  const country = countryOf(clause.subject);
  const before = book.claims.length;
  for (let i = clause.from; i < clause.to; i++) {
    const language = reading(book.tokens[i], "language");
    if (!language || book.isTold(i)) continue;
    const cue = book.nearestLeft(i, languageCues, 14, clause.from) ?? book.nearestRight(i, languageCues, 7, clause.to);
    if (cue === undefined) continue;
    const adjacent = languageCues.has(book.tokens[i + 1]?.lower ?? "");
    if (!adjacent && isLocation(book, i)) continue;
    book.tell(cue);
    if (!country) book.claim("unknown", i);
    else if (speaks(country, language.names)) book.claim("right", i);
    else book.claim(book.nearestLeft(i, hedges, 6, clause.from) === undefined ? "wrong" : "unknown", i);
  }
  if (book.claims.length === before) otherValue(book, clause, languageCues, /^(in|both|the|a|of)$/);
};

/**
 * "The currency is the Hangkongyuan", "they speak Belgian": the facts name all there are, so a name that is none of
 * them is wrong.
 */
function otherValue(book: Book, { from, to, subject }: Clause, cues: ReadonlySet<string>, between: RegExp): void {
  if (!countryOf(subject)) return;
  for (let cue = from; cue < to; cue++) {
    const { lower } = book.tokens[cue]!;
    if (!cues.has(lower)) continue;
    const verb = /^(speak|speaks|pay|pays)$/.test(lower) ? cue : book.nearestRight(cue, words("is are called"), 6, to);
    if (verb === undefined) continue;
    let i = verb + 1;
    while (between.test(book.tokens[i]?.lower ?? "")) i++;
    const value = book.tokens[i];
    if (!value || i >= to || book.isTold(i) || !/^\p{Lu}/u.test(value.text) || reading(value, "city")) continue;
    book.claim("wrong", cue, i);
    for (let k = i + 1; k < to && /^\p{Lu}/u.test(book.tokens[k]!.text); k++) book.tell(k);
  }
}

/** "in Spanish territory": a place, whatever else is spoken there. */
const isLocation = (book: Book, i: number): boolean =>
  /^(island|territory|nation|country|city|state|empire|government|border|coast)$/.test(book.tokens[i + 1]?.lower ?? "");

function speaks({ languages: own, code }: CountryRow, names: readonly string[]): boolean {
  const forms = (name: string) => own.some((one) => one === name || one.endsWith(` ${name}`)); // "Swiss German"
  return names.some((name) => forms(name) || moreLanguages[code]?.includes(name));
}

const moneyCues = words("currency currencies money pay pays paid tender coin coins use uses exchange banknotes");
/** Units that are no other word of English. */
const ambiguous = words("pound real sol mark bonds won rand dram lev leu som");

/** "The currency is the euro", "they pay in Indian rupees", "US dollars". */
export const money: Rule = (book, clause) => {
  const country = countryOf(clause.subject);
  const before = book.claims.length;
  for (let i = clause.from; i < clause.to; i++) {
    const unit = reading(book.tokens[i], "unit")?.unit;
    const name = reading(book.tokens[i], "money")?.name;
    if ((!unit && !name) || book.isTold(i)) continue;
    const cue = book.nearestLeft(i, moneyCues, 14, clause.from) ?? book.nearestRight(i, moneyCues, 6, clause.to);
    const issuer = [i - 1, i - 2].find((k) => k >= clause.from && countriesOf(book.tokens[k]));
    if (cue === undefined && issuer === undefined && (unit === undefined || ambiguous.has(unit))) continue;
    const at = [i, ...(cue === undefined ? [] : [cue]), ...(issuer === undefined ? [] : [issuer])];
    const issuers = issuer === undefined ? undefined : countriesOf(book.tokens[issuer]);
    book.claim(country ? truthOf(pays(country, { unit, name, issuers })) : "unknown", ...at);
  }
  if (book.claims.length === before) otherValue(book, clause, moneyCues, /^(in|with|the|a)$/);
};

interface Sum {
  unit?: string;
  name?: string;
  /** whose money it is said to be */
  issuers?: readonly CountryRow[];
}

function pays({ currencies }: CountryRow, { unit, name, issuers }: Sum): boolean {
  if (name) return currencies.includes(name);
  const own = currencies.filter((currency) => unitOf(currency) === unit);
  return own.some((currency) => !issuers || issuers.some((issuer) => issuer.currencies.includes(currency)));
}

const borderCues = words(
  "border borders bordered bordering neighbour neighbours neighbouring neighbor neighbors neighboring shares " +
    "surrounded adjacent next neighboured",
);
const ends = words("is lies located situated in of speak currency capital language");

/** "It borders Spain and France", "a neighbouring country is Peru", "surrounded by India". */
export const borders: Rule = (book, clause) => {
  const country = countryOf(clause.subject);
  for (let cue = clause.from; cue < clause.to; cue++) {
    if (!borderCues.has(book.tokens[cue]!.lower)) continue;
    for (let i = cue + 1; i < Math.min(clause.to, cue + 24); i++) {
      const token = book.tokens[i]!;
      if (i > cue + 6 && ends.has(token.lower) && !borderCues.has(book.tokens[i - 1]!.lower)) break;
      const named = reading(token, "country");
      if (!named || book.isTold(i) || book.text(i - 2, i) === "part of") continue;
      if (cue < clause.head && i === cue + 2 && book.tokens[cue + 1]!.lower === "of") {
        book.tell(i); // "a neighbour of Peru is": whose it is
        continue;
      }
      if (!country) book.claim("unknown", i);
      else book.claim(truthOf(named.countries.some(({ name }) => country.borders.includes(name))), i);
      book.tell(cue);
    }
  }
};

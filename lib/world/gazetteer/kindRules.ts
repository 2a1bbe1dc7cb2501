/** Statements of what something is: a city is no country, no island nation, no person, and not made up. */
import { truthOf, type Book, type Rule } from "./book";
import { countriesOf, reading } from "./nationRules";
import { countryOf, words, type Clause } from "./sentence";

/** What a city of Atlas is not. */
const notCities = words(
  "country nation continent island village town language currency person politician character player novel book film " +
    "movie game song band singer actor writer artist ship mountain river lake sea planet state kingdom republic " +
    "tribe province dish fruit plant animal term word",
);
/** What a country is not. */
const notCountries = words("city continent town village language currency person river planet");
const articles = words("a an the");
const ends = words(
  ", ; : ( ) in of on at with and or that which who where known located situated to for by is are from near nestled " +
    "connected surrounded covering bordered",
);
const madeUp = words("fictional fictitious imaginary mythical hypothetical fantasy");

/** "is a small island nation", "is a continent". */
export const kinds: Rule = (book, clause) => {
  const { subject } = clause;
  const said = book.tokens[clause.from]; // "Spanish is the language": nothing is said of the city itself
  const isValue = reading(said, "language") ?? reading(said, "unit") ?? reading(said, "money");
  for (let i = isValue ? clause.to : clause.from; i < clause.to; i++) {
    if (!/^(is|was|as|are)$/.test(book.tokens[i]!.lower)) continue;
    const noun = nounAfter(book, clause, i);
    if (noun === undefined) continue;
    const { lower } = book.tokens[noun]!;
    const isCity = subject.kind === "city" && i >= clause.head - 1;
    const isCountry = subject.kind === "country" && i >= clause.head - 1;
    if (isCity && notCities.has(lower)) book.claim("wrong", noun);
    if (isCountry && notCountries.has(lower)) book.claim("wrong", noun);
  }
  for (let i = clause.from; i < clause.to; i++)
    if (madeUp.has(book.tokens[i]!.lower)) book.claim(subject.kind === "other" ? "unknown" : "wrong", i);
};

/** The last word of "a/an/the …" behind a verb. */
function nounAfter(book: Book, { to }: Clause, verb: number): number | undefined {
  let i = verb + 1;
  while (/^(also|now|the|itself|often|still|known|as|called)$/.test(book.tokens[i]?.lower ?? "") && i < to) i++;
  const start = book.tokens[i]?.lower ?? "";
  if (!articles.has(start) && !articles.has(book.tokens[i - 1]?.lower ?? "")) return undefined;
  let noun: number | undefined;
  for (let k = articles.has(start) ? i + 1 : i; k < to && k < i + 8; k++) {
    const token = book.tokens[k]!;
    if (ends.has(token.lower) || token.text === "'s") break;
    noun = k;
  }
  return noun;
}

/** "landlocked", "on the coast", "a port": a country without a coast has neither. */
export const coasts: Rule = (book, clause) => {
  const country = countryOf(clause.subject);
  for (let i = clause.from; i < clause.to; i++) {
    const { lower } = book.tokens[i]!;
    if (lower === "landlocked") {
      const ofNation = clause.subject.kind === "country" || /^(country|nation)$/.test(book.tokens[i + 1]?.lower ?? "");
      book.claim(country && ofNation ? truthOf(country.landlocked) : "unknown", i);
    }
    if (
      /^(coast|coastal|coastline|port|seaport|harbor|harbour|beach|beaches|shore|shores|island|islands)$/.test(lower) &&
      !book.isTold(i)
    )
      book.claim(country?.landlocked ? "wrong" : "unknown", i);
  }
};

/** "The people are known as Malagasy", "are predominantly Chinese". */
export const demonyms: Rule = (book, clause) => {
  const { subject } = clause;
  if (subject.kind !== "people") return;
  for (let i = clause.head; i < clause.to; i++) {
    const named = reading(book.tokens[i], "people");
    if (!named || book.isTold(i)) continue;
    const right = countriesOf(book.tokens[i])!.includes(subject.country);
    book.claim(truthOf(right), i);
  }
};

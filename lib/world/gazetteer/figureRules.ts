/** Statements with numbers: people, area, degrees, rank by population. */
import { truthOf, type Book, type Rule, type Truth } from "./book";
import type { Lexicon, Town } from "./lexicon";
import { countriesOf, isCountry, reading } from "./nationRules";
import { words, type Clause, type Subject } from "./sentence";

/**
 * The stated tolerance: numbers of people and areas count as right within this factor of Atlas's, since cities are
 * bounded in several ways and counted in several years.
 */
export const factor = 1.5;
/** Latitude and longitude, degrees. */
const degrees = 1;

const within = (stated: number, truth: number): boolean => stated <= truth * factor && stated >= truth / factor;
const scales: Readonly<Record<string, number>> = { thousand: 1e3, million: 1e6, billion: 1e9 };
const people = words("people inhabitants residents citizens population inhabited populated");
const nationNouns = words("country nation state");

/** The number that stands at `i`, with the scale behind it; undefined for another word. */
function numberAt(book: Book, i: number): { value: number; at: number[] } | undefined {
  const text = book.tokens[i]?.text ?? "";
  if (!/^\d/.test(text)) return undefined;
  const scale = scales[book.tokens[i + 1]?.lower ?? ""];
  const plain = /^\d{1,3}([.,]\d{3})+$/.test(text) && !scale ? text.replaceAll(/[.,]/g, "") : text.replaceAll(",", "");
  return { value: Number.parseFloat(plain) * (scale ?? 1), at: scale ? [i, i + 1] : [i] };
}

/** "a population of about 3 million people", "home to 200,000 inhabitants". */
export const populations: Rule = (book, clause) => {
  for (let i = clause.from; i < clause.to; i++) {
    const number = numberAt(book, i);
    if (!number || book.isTold(i)) continue;
    const cue =
      book.nearestRight(i, people, 4, clause.to) ??
      book.nearestLeft(i, people, 12, clause.from) ??
      (/\bhome to\b/.test(book.text(i - 6, i)) ? i : undefined);
    if (
      cue === undefined ||
      /^(%|percent|km|kilometers|square|years)$/.test(book.tokens[number.at.at(-1)! + 1]?.lower ?? "")
    )
      continue;
    const other = book.nearestLeft(i, people, 6, clause.from) ?? cue; // "a population of … people"
    book.claim(peopleTruth(book, clause, i, number.value), ...number.at, cue, other);
  }
};

function peopleTruth(book: Book, { from, subject }: Clause, i: number, value: number): Truth {
  const nation = book.nearestLeft(i, nationNouns, 5, from) !== undefined && subject.kind !== "city";
  if (subject.kind === "country" || nation) return ofNation(subject, value);
  const row = subject.kind === "other" ? undefined : subject.town?.row;
  if (!row) return subject.kind === "people" ? ofNation(subject, value) : "unknown";
  return truthOf(within(value, row.population));
}

/** Atlas counts the people in a country's cities, who are a part of all. */
function ofNation(subject: Subject, value: number): Truth {
  if (subject.kind !== "country" && subject.kind !== "people") return "unknown";
  const { urbanPopulation } = subject.country;
  return value < 0.7 * urbanPopulation || value > 8 * urbanPopulation ? "wrong" : "unknown";
}

/** "covers 500,000 square kilometers". */
export const areas: Rule = (book, clause) => {
  for (let i = clause.from; i < clause.to; i++) {
    const number = numberAt(book, i);
    if (!number || book.isTold(i)) continue;
    const next = number.at.at(-1)! + 1;
    const unit = /^(square (km|kilometers|kilometres|miles)|km ?²|km2|sq km)/.exec(book.text(next, next + 2));
    if (!unit) continue;
    const value = number.value * (unit[0].endsWith("miles") ? 2.59 : 1);
    const country = clause.subject.kind === "country" ? clause.subject.country : undefined;
    book.claim(country ? truthOf(within(value, country.areaKm2)) : "unknown", ...number.at, next, next + 1);
  }
};

/** "at latitude 35 degrees north", "in the Southern Hemisphere", "a tropical climate". */
export const coordinates: Rule = (book, clause) => {
  const row = placeOf(clause.subject);
  for (let i = clause.from; i < clause.to; i++) {
    const { lower } = book.tokens[i]!;
    if (lower === "hemisphere") hemisphere(book, i, row);
    if (lower === "equator") equator(book, i, row);
    if (lower === "tropical" && row) book.claim(truthOf(Math.abs(row.latitude) < 25), i);
    const number = numberAt(book, i);
    const unit = book.tokens[i + 1]?.lower;
    if (!number || (unit !== "°" && unit !== "degrees")) continue;
    const side = book.nearestRight(i, words("n s e w north south east west"), 4, clause.to);
    const letter = side === undefined ? undefined : book.tokens[side]!.lower[0];
    const axis = book.nearestLeft(i, words("latitude longitude"), 5, clause.from);
    const east = letter === "e" || letter === "w" || (axis !== undefined && book.tokens[axis]!.lower === "longitude");
    if (!letter && axis === undefined) continue;
    const stated = number.value * (letter === "s" || letter === "w" ? -1 : 1);
    const truth = row && (east ? row.longitude : row.latitude);
    const told = [i, i + 1, ...(side === undefined ? [] : [side]), ...(axis === undefined ? [] : [axis])];
    book.claim(truth === undefined ? "unknown" : truthOf(Math.abs(stated - truth) <= degrees), ...told);
  }
};

function hemisphere(book: Book, i: number, row: { latitude: number; longitude: number } | undefined): void {
  const side = book.tokens[i - 1]?.lower ?? "";
  const [axis, sign] = { northern: [0, 1], southern: [0, -1], eastern: [1, 1], western: [1, -1] }[side] ?? [];
  if (axis === undefined || sign === undefined) return;
  const told = book.tokens.flatMap(({ lower }, k) => (lower === "hemisphere" ? [k] : [])); // "the hemisphere is …"
  book.tell(...told);
  const value = row && (axis === 0 ? row.latitude : row.longitude);
  book.claim(value === undefined ? "unknown" : truthOf(Math.sign(value) === sign), i, i - 1);
}

/** "north of the equator". */
function equator(book: Book, i: number, row: { latitude: number } | undefined): void {
  const side = book.nearestLeft(i, words("north south"), 3);
  if (side === undefined) return;
  const north = book.tokens[side]!.lower === "north";
  book.claim(row ? truthOf(north === row.latitude > 0) : "unknown", i, side);
}

function placeOf(subject: Subject): { latitude: number; longitude: number } | undefined {
  if (subject.kind === "city") return subject.town.row;
  return subject.kind === "country" ? subject.country : undefined;
}

const ordinals: Readonly<Record<string, number>> = {
  ...{ second: 2, third: 3, fourth: 4, fifth: 5, sixth: 6, seventh: 7, eighth: 8, ninth: 9, tenth: 10 },
  ...{ "2nd": 2, "3rd": 3, "4th": 4, "5th": 5 },
};
const largest = words("largest biggest populous populated");

/** "the second largest city in China", "one of the largest cities in the world", "the largest city is Lagos". */
export function ranks({ cities }: Lexicon): Rule {
  const worldRank = new Map(cities.map((row, i) => [row, i + 1]));
  return (book, clause) => {
    for (let i = clause.from; i < clause.to; i++) {
      if (!largest.has(book.tokens[i]!.lower) || book.isTold(i)) continue;
      const noun = book.nearestRight(i, words("city cities metropolis"), 3, clause.to);
      if (noun === undefined) continue;
      const named = i <= clause.head ? largestNamed(book, clause, noun) : undefined;
      if (named && clause.subject.kind === "country") {
        book.claim(truthOf(named.town.name === clause.subject.country.largestCity), i, named.at);
        continue;
      }
      const town = clause.subject.kind === "city" ? clause.subject.town : undefined;
      const rank = town?.row && rankIn(book, clause, noun, town, worldRank);
      book.claim(rank === undefined ? "unknown" : rankTruth(book, i, rank), i);
    }
  };
}

function largestNamed(book: Book, { to }: Clause, noun: number): { town: Town; at: number } | undefined {
  const verb = book.nearestRight(noun, words("is are"), 8, to);
  for (let k = (verb ?? to) + 1; k < Math.min(to, (verb ?? to) + 5); k++) {
    const town = reading(book.tokens[k], "city")?.town;
    if (town) return { town, at: k };
  }
  return undefined;
}

/** Rank by population among the cities of where it is said to be; undefined where the facts do not know. */
function rankIn(
  book: Book,
  { to }: Clause,
  noun: number,
  { row, country }: Town,
  worldRank: ReadonlyMap<object, number>,
): number | undefined {
  const scope = book.tokens.slice(noun + 1, Math.min(to, noun + 8));
  if (scope.some((token) => isCountry(token, country))) return row!.rank;
  if (scope.some((token) => countriesOf(token))) return Infinity;
  if (scope.some(({ lower }) => lower === "world")) return worldRank.get(row!);
  return scope.some(({ lower }) => nationNouns.has(lower)) ? row!.rank : undefined;
}

function rankTruth(book: Book, i: number, rank: number): Truth {
  const oneOf = /\bone of the( \w+)?$/.test(book.text(i - 4, i));
  if (oneOf) return rank <= 10 ? "right" : rank > 40 ? "wrong" : "unknown";
  const ordinal = ordinals[book.tokens[i - 1]?.lower ?? ""];
  if (/^\d/.test(book.tokens[i - 1]?.text ?? "")) return "unknown";
  return truthOf(rank === (ordinal ?? 1));
}

/**
 * Every name that the gazetteer knows, and what it may stand for: Atlas's countries, cities, continents, languages and
 * currencies with their aliases, and waters and regions. One name may have several readings ("Spanish" is a people and
 * a language, "Singapore" a country and a city); where it stands decides.
 */
import type { Atlas } from "../atlas";
import type { CityRow, CountryRow } from "../facts";
import {
  adjectives,
  countryAliases,
  currencyCodes,
  languageAliases,
  moreCapitals,
  moreLanguages,
  unitAliases,
} from "./aliases";
import { regionNames } from "./regions";
import { rivers, seas } from "./waters";
import { fold, nameKey, type Word } from "./words";

/** A city: one of Atlas, or a capital that it knows by name only. */
export interface Town {
  name: string;
  country: CountryRow;
  row?: CityRow;
}

export type Reading =
  | { kind: "country"; countries: readonly CountryRow[] }
  | { kind: "people"; countries: readonly CountryRow[] }
  | { kind: "city"; town: Town }
  | { kind: "continent"; name: string; adjective: boolean }
  | { kind: "region"; name: string }
  | { kind: "language"; names: readonly string[] }
  | { kind: "money"; name: string }
  | { kind: "unit"; unit: string }
  | { kind: "water"; countries: readonly string[]; river: boolean };

export interface Lexicon {
  /** The longest name that begins with the word at `i`, and how many words it has. */
  at: (words: readonly Word[], i: number) => { length: number; readings: readonly Reading[] } | undefined;
  countries: ReadonlyMap<string, CountryRow>;
  /** cities by population, largest first */
  cities: readonly CityRow[];
}

const longestName = 6;

/** Cities whose names are English words, first names of people, or what something else is called more often. */
const unsafe = new Set([
  "Man",
  "Nice",
  "Riverside",
  "Paradise",
  "Sale",
  "Van",
  "Mary",
  "Mobile",
  "Mesa",
  "Union",
  "Kota",
]);

/** Made once for an Atlas: it holds thousands of names. */
export function lexiconOf(atlas: Atlas): Lexicon {
  const names = new Map<string, Reading[]>();
  const add = (name: string, reading: Reading): void => {
    const key = nameKey(name);
    names.set(key, [...(names.get(key) ?? []), reading]);
  };
  const { countries, cities } = rowsOf(atlas);
  for (const town of townsOf(countries, cities)) if (!unsafe.has(town.name)) add(town.name, { kind: "city", town });
  addCountries(countries, add);
  for (const name of new Set([...countries.values()].map(({ continent }) => continent))) {
    add(name, { kind: "continent", name, adjective: false });
    const adjective = name === "Europe" ? "European" : name.replace(/a$/, "an");
    add(adjective, { kind: "continent", name, adjective: true });
  }
  for (const name of regionNames) add(name, { kind: "region", name });
  addLanguages(countries, add);
  addMoney(countries, add);
  for (const [all, river] of [
    [seas, false],
    [rivers, true],
  ] as const)
    for (const [name, codes] of Object.entries(all))
      for (const form of waterNames(name, river)) add(form, { kind: "water", countries: codes, river });
  return { at: finder(names), countries, cities };
}

function rowsOf(atlas: Atlas): { countries: Map<string, CountryRow>; cities: CityRow[] } {
  return {
    countries: new Map(atlas.countries.map((country) => [country.code, country])),
    cities: atlas.topics.flatMap(({ city }) => city ?? []),
  };
}

function townsOf(countries: ReadonlyMap<string, CountryRow>, cities: readonly CityRow[]): Town[] {
  const towns = cities.map((row): Town => ({ name: row.name, country: countries.get(row.country)!, row }));
  const known = new Set(towns.map(({ name, country }) => `${country.code} ${fold(name)}`));
  const capitals = [...countries.values()].flatMap((country) =>
    [country.capital, ...(moreCapitals[country.code] ?? [])].map((name): Town => ({ name, country })),
  );
  return [...towns, ...capitals.filter(({ name, country }) => !known.has(`${country.code} ${fold(name)}`))];
}

function addCountries(countries: ReadonlyMap<string, CountryRow>, add: (name: string, reading: Reading) => void): void {
  const byName = new Map<string, CountryRow[]>();
  const byPeople = new Map<string, CountryRow[]>();
  const note = (index: Map<string, CountryRow[]>, name: string, country: CountryRow): void => {
    if (!index.get(name)?.includes(country)) index.set(name, [...(index.get(name) ?? []), country]);
  };
  for (const country of countries.values()) {
    for (const name of [country.name, ...(countryAliases[country.code] ?? [])]) note(byName, name, country);
    const demonyms = country.demonym.split(/, | or /);
    for (const name of [...demonyms, ...(adjectives[country.code] ?? [])]) {
      note(byPeople, name, country);
      if (/(?:n|i|a)$/.test(name)) note(byPeople, `${name}s`, country);
    }
  }
  const holders = byName.get("Korea");
  if (holders) holders.push(countries.get("KP")!);
  for (const [name, all] of byName) add(name, { kind: "country", countries: all });
  for (const [name, all] of byPeople) if (!byName.has(name)) add(name, { kind: "people", countries: all });
}

function addLanguages(countries: ReadonlyMap<string, CountryRow>, add: (name: string, reading: Reading) => void): void {
  const spoken = new Set([
    ...[...countries.values()].flatMap(({ languages }) => languages),
    ...Object.values(moreLanguages).flat(),
  ]);
  const meant = new Map<string, string[]>();
  for (const name of spoken)
    for (const alias of [name, ...(languageAliases[name] ?? [])]) meant.set(alias, [...(meant.get(alias) ?? []), name]);
  for (const [name, names] of meant) add(name, { kind: "language", names });
}

function addMoney(countries: ReadonlyMap<string, CountryRow>, add: (name: string, reading: Reading) => void): void {
  for (const [code, name] of Object.entries(currencyCodes)) add(code, { kind: "money", name });
  const units = new Map(Object.entries(unitAliases));
  for (const { currencies } of countries.values())
    for (const name of currencies) units.set(fold(unitOf(name)), unitOf(name));
  for (const [word, unit] of units)
    for (const form of [word, `${word}s`, capitalised(word), `${capitalised(word)}s`])
      add(form, { kind: "unit", unit });
}

/** "US dollar" -> "dollar". */
export function unitOf(currency: string): string {
  if (currency === "Pound sterling") return "pound";
  if (currency.endsWith("bolívar soberano")) return "bolívar";
  return currency.split(" ").at(-1)!;
}

const capitalised = (word: string): string => word[0]!.toUpperCase() + word.slice(1);

/** "the Mediterranean", "the Nile River", "the River Nile". */
function waterNames(name: string, river: boolean): string[] {
  if (river) return / /.test(name) ? [name] : [name, `${name} River`, `River ${name}`, `${name} Delta`];
  const short = name.replace(/ (?:Sea|Ocean)$/, "");
  return ["Mediterranean", "Atlantic", "Pacific", "Caspian", "Baltic", "Adriatic", "Aegean"].includes(short)
    ? [name, short, `${short} coast`]
    : [name];
}

function finder(names: ReadonlyMap<string, readonly Reading[]>): Lexicon["at"] {
  return (words, i) => {
    const own = words.slice(i, i + longestName).map(({ text }) => text);
    for (let length = own.length; length > 0; length--) {
      const readings = names.get(own.slice(0, length).join(" "));
      if (readings) return { length, readings };
    }
    return undefined;
  };
}

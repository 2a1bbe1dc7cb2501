/**
 * Atlas's relations: how a fact is worded and for which values it is true of a topic.
 * `{v}` stands for the value. No two relations share a wording that could match one sentence (tested), and no value
 * holds a stop, so every rendered sentence parses back to exactly one relation and value.
 * About half of the relations are settled by the country, the others by the city itself, so that one confusion does
 * not spoil a whole answer (paper §2.1: correct and incorrect sentences are mixed).
 */
import type { CityRow, CountryRow } from "./facts";
import { climateZone, countWords, degreeWords, kmWords, longestDayHours, partOfCountry, solarTime } from "./geography";

/** What a question is about. `id` is the `topic` of a Question. */
export type Topic =
  | { kind: "city"; id: string; name: string; country: CountryRow; city: CityRow }
  | { kind: "country"; id: string; name: string; country: CountryRow; city?: undefined };

export interface Relation {
  wordings: readonly string[];
  /**
   * Values that are true; empty when the topic has none (any claim is wrong); undefined when it makes no sense for the
   * topic.
   */
  truths(topic: Topic): readonly string[] | undefined;
}

type Truth = string | null | readonly string[];

function list(truth: Truth): readonly string[] {
  return truth === null ? [] : typeof truth === "string" ? [truth] : truth;
}

/** True of a city through its country, and of the country itself. */
function national(wordings: readonly string[], of: (country: CountryRow) => Truth): Relation {
  return { wordings, truths: ({ country }) => list(of(country)) };
}

/** True of the place itself, city or country. */
function local(wordings: readonly string[], of: (place: CityRow | CountryRow) => Truth): Relation {
  return { wordings, truths: ({ city, country }) => list(of(city ?? country)) };
}

/** Makes sense for cities only. */
function urban(wordings: readonly string[], of: (city: CityRow, country: CountryRow) => Truth): Relation {
  return { wordings, truths: ({ city, country }) => (city ? list(of(city, country)) : undefined) };
}

function sizeClass(population: number): string {
  return population >= 3e6 ? "huge" : population >= 8e5 ? "large" : population >= 2.5e5 ? "medium" : "small";
}

function rankWords(rank: number): string {
  return (
    ["first", "second", "third"][rank - 1] ??
    (rank <= 10 ? "fourth to tenth" : rank <= 30 ? "11th to 30th" : "below 30th")
  );
}

function neighbourCount(n: number): string {
  return n === 0 ? "no land neighbours" : n === 1 ? "1 land neighbour" : `${n} land neighbours`;
}

export const RELATIONS = {
  country: {
    wordings: ["Its country is {v}.", "It belongs to {v}."],
    truths: ({ kind, country }) => (kind === "city" ? [country.name] : undefined),
  },
  continent: national(["Its continent is {v}.", "The continent is {v}."], (c) => c.continent),
  subregion: national(["Its region is {v}.", "The region is {v}."], (c) => c.subregion),
  capital: national(["The capital is {v}.", "The national capital is {v}."], (c) => c.capital),
  language: national(["People speak {v}.", "Locals speak {v}."], (c) => c.languages),
  currency: national(["People pay in {v}.", "The currency is {v}."], (c) => c.currencies),
  demonym: national(["A citizen is called {v}.", "The demonym is {v}."], (c) => c.demonym),
  border: national(["The country borders {v}.", "One neighbour is {v}."], (c) => c.borders),
  neighbours: national(["The country has {v}.", "The state has {v}."], (c) => neighbourCount(c.borders.length)),
  callingCode: national(["Its phone code is {v}.", "The dialling code is {v}."], (c) => c.callingCode),
  domain: national(["Its web domain is {v}.", "The web domain is {v}."], (c) => c.domain),
  coast: national(["The country is {v}.", "The state is {v}."], (c) => (c.landlocked ? "landlocked" : "coastal")),
  area: national(["The country covers {v} km2.", "The state covers {v} km2."], (c) => countWords(c.areaKm2)),
  largestCity: national(["The largest city is {v}.", "The biggest city is {v}."], (c) => c.largestCity),
  hemisphere: local(["Its hemisphere is {v}.", "The hemisphere is {v}."], ({ latitude }) =>
    latitude >= 0 ? "northern" : "southern",
  ),
  greenwich: local(["It is {v} of Greenwich.", "It lies {v} of Greenwich."], ({ longitude }) =>
    longitude >= 0 ? "east" : "west",
  ),
  latitude: local(["Its latitude is {v}.", "The latitude is {v}."], ({ latitude }) =>
    degreeWords(latitude, 5, "north", "south"),
  ),
  longitude: local(["Its longitude is {v}.", "The longitude is {v}."], ({ longitude }) =>
    degreeWords(longitude, 10, "east", "west"),
  ),
  climate: local(["By latitude it is {v}.", "Its climate zone is {v}."], ({ latitude }) => climateZone(latitude)),
  day: local(["Its longest day lasts {v} hours.", "The longest day lasts {v} hours."], ({ latitude }) =>
    String(longestDayHours(latitude)),
  ),
  solarTime: local(["Its solar time is {v}.", "The solar time is {v}."], ({ longitude }) => solarTime(longitude)),
  population: urban(["It has {v} people.", "Its population is {v}."], (c) => countWords(c.population)),
  size: urban(["Its size is {v}.", "By size it is {v}."], (c) => sizeClass(c.population)),
  rank: urban(["Nationally it ranks {v}.", "Its national rank is {v}."], (c) => rankWords(c.rank)),
  status: urban(["Its status is {v}.", "Officially its status is {v}."], (c) => c.status),
  near: urban(["The nearest larger city is {v}.", "Its larger neighbour is {v}."], (c) => c.near),
  nearKm: urban(["The nearest larger city lies {v} away.", "A larger city lies {v} away."], (c) =>
    c.nearKm === null ? null : kmWords(c.nearKm),
  ),
  capitalKm: urban(["It lies {v} from the capital.", "It is {v} from the capital."], (c) =>
    c.capitalKm === null ? null : kmWords(c.capitalKm),
  ),
  foreign: urban(["The nearest foreign country is {v}.", "Its nearest foreign country is {v}."], (c) => c.foreign),
  part: urban(["Nationally it is {v}.", "Within the country it is {v}."], (c, country) =>
    partOfCountry(c, country, country.areaKm2),
  ),
} satisfies Record<string, Relation>;

export type RelationName = keyof typeof RELATIONS;
export const RELATION_NAMES = Object.keys(RELATIONS) as RelationName[];

/** Values of a relation that are true of a topic; see `Relation.truths`. */
export function truths(name: RelationName, topic: Topic): readonly string[] | undefined {
  return (RELATIONS as Record<RelationName, Relation>)[name].truths(topic);
}

/** Sentences without a checkable fact. */
export const NO_FACT: readonly string[] = [
  "Many travellers enjoy it.",
  "It is worth a visit.",
  "There is much to see.",
  "People are proud of it.",
];

interface Pattern {
  relation: RelationName;
  before: string;
  after: string;
}

const PATTERNS: readonly Pattern[] = RELATION_NAMES.flatMap((relation) =>
  RELATIONS[relation].wordings.map((wording): Pattern => {
    const [before, after] = wording.split("{v}") as [string, string];
    return { relation, before, after };
  }),
);

/** Every reading of a sentence as relation and value; rendered sentences have exactly one. */
export function readings(sentence: string): { relation: RelationName; value: string }[] {
  return PATTERNS.filter(
    ({ before, after }) =>
      sentence.length > before.length + after.length && sentence.startsWith(before) && sentence.endsWith(after),
  ).map(({ relation, before, after }) => ({
    relation,
    value: sentence.slice(before.length, sentence.length - after.length),
  }));
}

/**
 * A second evaluator of Atlas, after FActScore (Min et al., 2023): a completion is taken apart into atomic facts, each
 * checked on its own (§3.1: "to avoid reward hacking, we also use FactScore"). It shares neither wordings nor rules of
 * truth with the oracle: facts are found by key words, statements of a place on a scale or of two things at once hold
 * two facts, and numbers count as right within a tolerance of the data instead of when they are rounded alike.
 * Sentences without a fact do not count, a fact stated twice counts once: saying less, or the same again, wins nothing.
 */
import type { Annotator } from "../factuality/annotator";
import type { Question, Verdict } from "../factuality/records";
import { splitSentences, type Span } from "../text/sentence";
import type { Atlas } from "./atlas";
import type { CityRow, CountryRow } from "./facts";
import { distanceKm, type Point } from "./geography";

export interface AtomicFact {
  /** What is stated, in the checker's own words: equal facts have equal texts. */
  text: string;
  supported: boolean;
}

export interface CheckedSentence extends Span {
  /** None for a sentence without a fact. */
  facts: AtomicFact[];
}

interface Place {
  country: CountryRow;
  /** Absent where the topic is the country itself. */
  city: CityRow | undefined;
  point: Point;
  /** Another place of Atlas by its name. */
  named(name: string): CityRow | undefined;
}

/** Numbers of people, kilometres and square kilometres may be off by this factor. */
const FACTOR = 1.5;
/** Distances below this many kilometres may be off by as much. */
const NEAR_KM = 25;
const LATITUDE_TOLERANCE = 5;
const LONGITUDE_TOLERANCE = 10;
const SIZES = { huge: [3e6, Infinity], large: [8e5, 3e6], medium: [2.5e5, 8e5], small: [0, 2.5e5] } as const;
const ZONES = { tropical: [0, 23.44], subtropical: [23.44, 35], temperate: [35, 50], cool: [50, 90] } as const;

type Facts = Record<string, boolean>;
type Rule = [pattern: RegExp, facts: (match: string[], place: Place) => Facts];

const is = (what: string, value: string, truth: string | readonly string[] | null | undefined): Facts => ({
  [`${what}: ${value}`]: Array.isArray(truth) ? truth.includes(value) : truth === value,
});
const ofCity = (fact: string, { city }: Place, check: (city: CityRow) => boolean): Facts => ({
  [fact]: city !== undefined && check(city),
});
const within = (stated: number, truth: number, factor = FACTOR): boolean =>
  stated <= truth * factor && stated >= truth / factor;
const withinKm = (stated: number, truth: number | null): boolean =>
  truth !== null && (within(stated, truth) || Math.abs(stated - truth) <= NEAR_KM);
/** "3 million", "400 thousand", "700". */
const amount = (text: string): number =>
  Number.parseFloat(text) * (text.endsWith("million") ? 1e6 : text.endsWith("thousand") ? 1e3 : 1);
/** A place on a scale with two sides is two facts: the side, and the place. */
const onScale = (what: string, stated: number, truth: number, tolerance: number): Facts => ({
  ...(stated !== 0 && { [`${what}: ${stated > 0 ? "positive" : "negative"}`]: Math.sign(stated) === Math.sign(truth) }),
  [`${what}: ${stated}`]: Math.abs(stated - truth) <= tolerance,
});

/** What a rule reads of a sentence: its end, which no wording is longer than, so that no text takes long. */
const mostRead = 300;

/** The first that matches decides. */
const RULES: readonly Rule[] = [
  [/(landlocked|coastal)\.$/, ([, v], { country }) => is("coast", v!, country.landlocked ? "landlocked" : "coastal")],
  [
    /larger (?:city|neighbour) is (.+)\.$/,
    ([, v], place) => {
      const other = place.named(v!);
      return {
        ...ofCity(`larger: ${v}`, place, (city) => (other ? other.population > city.population : city.near === v)),
        ...ofCity(
          `near: ${v}`,
          place,
          (city) =>
            city.near === v ||
            (other !== undefined && city.nearKm !== null && distanceKm(place.point, other) <= FACTOR * city.nearKm),
        ),
      };
    },
  ],
  [
    /larger city lies (\d+) km away\.$/,
    ([, km], place) => ofCity(`km to a larger city: ${km}`, place, ({ nearKm }) => withinKm(Number(km), nearKm)),
  ],
  [
    /(\d+) km from the capital\.$/,
    ([, km], place) => ofCity(`km to the capital: ${km}`, place, ({ capitalKm }) => withinKm(Number(km), capitalKm)),
  ],
  [
    /foreign country is (.+)\.$/,
    ([, v], place) => ofCity(`nearest abroad: ${v}`, place, ({ foreign }) => foreign === v),
  ],
  [/(?:borders|One neighbour is) (.+)\.$/, ([, v], { country }) => is("border", v!, country.borders)],
  [
    /has (no|\d+) land neighbours?\.$/,
    ([, n], { country }) => ({ [`neighbours: ${n}`]: country.borders.length === (n === "no" ? 0 : Number(n)) }),
  ],
  [
    /(?:country is|belongs to) (.+)\.$/,
    ([, v], place) => ofCity(`country: ${v}`, place, () => place.country.name === v),
  ],
  [/continent is (.+)\.$/, ([, v], { country }) => is("continent", v!, country.continent)],
  [/region is (.+)\.$/, ([, v], { country }) => is("region", v!, country.subregion)],
  [/capital is (.+)\.$/, ([, v], { country }) => is("capital", v!, country.capital)],
  [/speak (.+)\.$/, ([, v], { country }) => is("language", v!, country.languages)],
  [/(?:pay in|currency is) (.+)\.$/, ([, v], { country }) => is("currency", v!, country.currencies)],
  [/(?:called|demonym is) (.+)\.$/, ([, v], { country }) => is("demonym", v!, country.demonym)],
  [/(?:phone|dialling) code is (.+)\.$/, ([, v], { country }) => is("calling code", v!, country.callingCode)],
  [/web domain is (.+)\.$/, ([, v], { country }) => is("domain", v!, country.domain)],
  [/covers (.+) km2\.$/, ([, v], { country }) => ({ [`area: ${v}`]: within(amount(v!), country.areaKm2) })],
  [/(?:largest|biggest) city is (.+)\.$/, ([, v], { country }) => is("largest city", v!, country.largestCity)],
  [
    /hemisphere is (northern|southern)\.$/,
    ([, v], { point }) => ({
      [`latitude: ${v === "northern" ? "positive" : "negative"}`]: (v === "northern") === point.latitude >= 0,
    }),
  ],
  [
    /(east|west) of Greenwich\.$/,
    ([, v], { point }) => ({
      [`longitude: ${v === "east" ? "positive" : "negative"}`]: (v === "east") === point.longitude >= 0,
    }),
  ],
  [
    /latitude is (\d+)(?: (north|south))?\.$/,
    ([, degrees, side], { point }) =>
      onScale("latitude", Number(degrees) * (side === "south" ? -1 : 1), point.latitude, LATITUDE_TOLERANCE),
  ],
  [
    /longitude is (\d+)(?: (east|west))?\.$/,
    ([, degrees, side], { point }) =>
      onScale("longitude", Number(degrees) * (side === "west" ? -1 : 1), point.longitude, LONGITUDE_TOLERANCE),
  ],
  [
    /solar time is UTC([+-]\d+)?\.$/,
    ([, hours = "0"], { point }) => onScale("longitude", 15 * Number(hours), point.longitude, 15),
  ],
  [
    /(tropical|subtropical|temperate|cool)\.$/,
    ([, zone], { point }) => ({
      [`zone: ${zone}`]: inside(Math.abs(point.latitude), ZONES[zone as keyof typeof ZONES]),
    }),
  ],
  [
    /day lasts (\d+) hours\.$/,
    ([, hours], { point }) => ({ [`longest day: ${hours}`]: Math.abs(Number(hours) - longestDay(point)) <= 1 }),
  ],
  [
    /(?:has|population is) (\d+(?: million| thousand)?)(?: people)?\.$/,
    ([, v], place) => ofCity(`people: ${v}`, place, ({ population }) => within(amount(v!), population)),
  ],
  [
    /size (?:it )?is (huge|large|medium|small)\.$/,
    ([, size], place) =>
      ofCity(`size: ${size}`, place, ({ population }) => inside(population, SIZES[size as keyof typeof SIZES])),
  ],
  [/rank(?:s| is) (.+)\.$/, ([, v], place) => ofCity(`rank: ${v}`, place, ({ rank }) => rankRange(v!).includes(rank))],
  [/status is (.+)\.$/, ([, v], place) => ofCity(`status: ${v}`, place, ({ status }) => status === v)],
  [
    /(northern|southern|eastern|western|central)\.$/,
    ([, part], place) => ofCity(`part: ${part}`, place, () => liesIn(part!, place)),
  ],
];

const inside = (value: number, [from, to]: readonly [number, number]): boolean => value >= from && value < to;

/** Hours between sunrise and sunset at the summer solstice (equation of the sunrise hour angle). */
function longestDay({ latitude }: Point): number {
  const radians = Math.PI / 180;
  const x = Math.tan(Math.abs(latitude) * radians) * Math.tan(23.44 * radians);
  return x >= 1 ? 24 : 12 + (2 * Math.asin(x)) / radians / 15;
}

const RANKS = new Map<string, readonly [from: number, to: number]>([
  ["first", [1, 1]],
  ["second", [2, 2]],
  ["third", [3, 3]],
  ["fourth to tenth", [4, 10]],
  ["11th to 30th", [11, 30]],
  ["below 30th", [31, 10_000]],
]);

/** The ranks that these words stand for; none for other words. */
function rankRange(words: string): number[] {
  const [from, to] = RANKS.get(words) ?? [1, 0];
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Whether the place lies on that side of the country's centre, or near it. */
function liesIn(part: string, { point, country }: Place): boolean {
  const east = ((point.longitude - country.longitude + 540) % 360) - 180;
  const north = point.latitude - country.latitude;
  if (part === "central") return distanceKm(point, country) < 0.3 * Math.sqrt(country.areaKm2);
  return { northern: north > 0, southern: north < 0, eastern: east > 0, western: east < 0 }[part] ?? false;
}

/** A statement that no rule knows: a fact that nothing supports if it names or counts something, no fact otherwise. */
function unknownFacts(sentence: string): Facts {
  return /\d|\s\p{Lu}/u.test(sentence) ? { [sentence]: false } : {};
}

/**
 * A function that takes completions about Atlas's topics apart and checks them; make it once. Facts stand under the
 * sentence that states them first.
 */
export function factChecker(atlas: Atlas): (question: Question, completion: string) => CheckedSentence[] {
  const cities = new Map(atlas.topics.flatMap(({ name, city }) => (city ? [[name, city] as const] : [])));
  return (question, completion) => {
    const { country, city } = atlas.topic(question.topic);
    const place: Place = { country, city, point: city ?? country, named: (name) => cities.get(name) };
    const seen = new Set<string>();
    return splitSentences(completion).map(({ start, end }) => {
      const sentence = completion.slice(start, end);
      const read = sentence.slice(-mostRead);
      const rule = RULES.find(([pattern]) => pattern.test(read));
      const facts = Object.entries(rule ? rule[1](rule[0].exec(read)!, place) : unknownFacts(sentence));
      const fresh = facts.filter(([text]) => !seen.has(text));
      for (const [text] of fresh) seen.add(text);
      return { start, end, facts: fresh.map(([text, supported]) => ({ text, supported })) };
    });
  };
}

function verdictOf(facts: CheckedSentence["facts"]): Verdict {
  if (facts.length === 0) return "no-fact";
  return facts.every(({ supported }) => supported) ? "supported" : "contradictory";
}

/**
 * The same evaluator as an annotator (FactTune in Table 1 builds its pairs on another one than it is judged by): a
 * sentence is supported when all its facts are.
 */
export function factAnnotator(atlas: Atlas): Annotator {
  const check = factChecker(atlas);
  return {
    name: "Atlas facts",
    annotate: (question, completion) =>
      check(question, completion).map(({ start, end, facts }) => ({ start, end, verdict: verdictOf(facts) })),
  };
}

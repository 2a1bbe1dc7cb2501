/** Statements of where something lies: country, continent, region, part of the country, water, other cities. */
import type { CityRow, CountryRow } from "../facts";
import { distanceKm, unitVector, type Point } from "../geography";
import { moreContinents } from "./aliases";
import { truthOf, type Book, type Rule, type Truth } from "./book";
import { isCountry, reading } from "./nationRules";
import { liesInRegion } from "./regions";
import { countryOf, words, type Clause, type Subject } from "./sentence";

/** Kilometres within which a city is near another, and beyond which it is not. */
const nearKm = 100;
const farKm = 250;

const near = words("near nearby close next between adjacent outside off along around");
const ofNation = words("language languages currency money people population government flag");

/** "a city in Spain", "Spain's second city", "a Spanish city", "Vigo, Spain". */
export const countries: Rule = (book, clause) => {
  const { tokens } = book;
  for (let i = Math.max(clause.from, clause.head); i < clause.to; i++) {
    const named = reading(tokens[i], "country") ?? reading(tokens[i], "people");
    if (!named || book.isTold(i) || isOwner(book, clause, i)) continue;
    if (reading(tokens[i], "city") && !/^(country|nation|republic) of( the)?$/.test(book.text(i - 2, i))) continue;
    const inner = townBefore(book, i);
    const subject: Subject = inner ?? clause.subject;
    const own = countryOf(subject);
    if (!own) book.claim("unknown", i);
    else if (named.kind === "people" && isCulture(book, i))
      book.claim(isCountry(tokens[i]!, own) ? "right" : "unknown", i);
    else if (isCountry(tokens[i]!, own)) book.claim("right", i);
    else if (book.nearestLeft(i, near, 5, clause.from) !== undefined)
      book.claim(truthOf(named.countries.some(({ name }) => own.borders.includes(name))), i);
    else {
      book.claim("wrong", i);
      if (subject.kind === "city" && named.kind === "country")
        book.misplaced.push({ town: subject.town, country: named.countries[0]!.name });
    }
  }
};

/** "the currency of Spain": whose it is, told by the rule for money. */
function isOwner(book: Book, { from }: Clause, i: number): boolean {
  const of = book.nearestLeft(i, words("of"), 3, from);
  return of !== undefined && of > from && ofNation.has(book.tokens[of - 1]!.lower) && Boolean(book.tell(i) ?? true);
}

const ofPeople = words(
  "cuisine culture food people empire art architecture music history influence influences heritage descent dish king " +
    "origin",
);
/** "Chinese cuisine", "the Spanish Empire": said of a people, not of a place. */
const isCulture = (book: Book, i: number): boolean => ofPeople.has(book.tokens[i + 1]?.lower ?? "");

/** "…, Daegu, South Korea": the country is said of the city before the comma. */
function townBefore(book: Book, i: number): Subject | undefined {
  const at = book.tokens[i - 1]?.text === "," ? i - 2 : -1;
  const town = reading(book.tokens[at], "city")?.town;
  return town && { kind: "city", town };
}

/** "on the continent of Asia", "an African city". */
export const continents: Rule = (book, clause) => {
  for (let i = Math.max(clause.from, clause.head); i < clause.to; i++) {
    const named = reading(book.tokens[i], "continent");
    if (!named || book.isTold(i)) continue;
    const own = countryOf(clause.subject);
    const beside = near.has(book.tokens[i - 1]?.lower ?? "");
    if (!own || beside) book.claim("unknown", i);
    else book.claim(truthOf(liesOn(named.name, own, clause.subject)), i);
  }
};

function liesOn(continent: string, { continent: own, code, name }: CountryRow, subject: Subject): boolean {
  if (name === "Russia" && subject.kind === "city" && subject.town.row)
    return continent === (subject.town.row.longitude < 60 ? "Europe" : "Asia");
  return continent === own || Boolean(moreContinents[code]?.includes(continent));
}

/** "in Southeast Asia", "on the Iberian Peninsula", "in the European Union". */
export const regions: Rule = (book, clause) => {
  for (let i = Math.max(clause.from, clause.head); i < clause.to; i++) {
    const named = reading(book.tokens[i], "region");
    if (!named || book.isTold(i)) continue;
    const own = countryOf(clause.subject);
    book.claim(own ? truthOf(liesInRegion(named.name, own)) : "unknown", i);
  }
};

/** "on the Black Sea": a country confirms it of itself, and refutes it of its cities. */
export const waters: Rule = (book, clause) => {
  for (let i = Math.max(clause.from, clause.head); i < clause.to; i++) {
    const named = reading(book.tokens[i], "water");
    if (!named || book.isTold(i)) continue;
    const own = countryOf(clause.subject);
    const touches = own && named.countries.includes(own.code);
    const sure = clause.subject.kind === "country" && !named.river;
    book.claim(own ? (touches ? (sure ? "right" : "unknown") : "wrong") : "unknown", i);
  }
};

/** "near Seville", "300 km from Madrid", "in Seville": by the way between the two. */
export const towns: Rule = (book, clause) => {
  const { tokens } = book;
  const from = clause.subject.kind === "city" ? clause.subject.town : undefined;
  for (let i = Math.max(clause.from, clause.head); i < clause.to; i++) {
    const town = reading(tokens[i], "city")?.town;
    if (!town || book.isTold(i)) continue;
    if (town.name === from?.name || (i > 1 && /^(city|town|people) of$/.test(book.text(i - 2, i)) && !from)) {
      book.tell(i);
      continue;
    }
    book.claim(from?.row && town.row ? byDistance(book, clause, i, distanceKm(from.row, town.row)) : "unknown", i);
  }
};

function byDistance(book: Book, { from }: Clause, i: number, km: number): Truth {
  const says = /(\d[\d.,]*) (km|kilometers|kilometres|miles)\b[\w ]*$/.exec(book.text(Math.max(from, i - 9), i));
  if (says) {
    for (let k = Math.max(from, i - 9); k < i; k++)
      if (book.tokens[k]!.text === says[1] || book.tokens[k]!.lower === says[2]) book.tell(k);
    const stated = Number(says[1]!.replaceAll(",", "")) * (says[2] === "miles" ? 1.609 : 1);
    return truthOf(stated <= 1.5 * km && stated >= km / 1.5);
  }
  if (km > farKm) return "wrong";
  const besideIt = book.nearestLeft(i, near, 4, from) !== undefined;
  return besideIt && km <= nearKm ? "right" : "unknown";
}

const compass: Readonly<Record<string, number>> = { north: 0, east: 90, south: 180, west: 270 };
const direction = /^(?:(north|south)[ -]?)?(north|south|east|west|northeast|northwest|southeast|southwest)(?:ern)?$/;

/** "in the north of Spain", "southeastern Spain", "the eastern part of the country". */
export const parts: Rule = (book, clause) => {
  const row = clause.subject.kind === "city" ? clause.subject.town.row : undefined;
  const { tokens } = book;
  for (let i = clause.from; i < clause.to; i++) {
    if (!direction.test(tokens[i]!.lower) && tokens[i]!.lower !== "central") continue;
    const two = direction.test(tokens[i + 1]?.lower ?? "");
    const end = two ? i + 2 : i + 1;
    const rest =
      /^((part|parts|region|side|end|area|half|corner|tip|portion) )?((of|in) )?(the )?(country|nation|state|\S+)/;
    const found = rest.exec(book.text(end, end + 6));
    if (!found || !row) continue;
    const target = tokens.slice(end, end + 6).findIndex((token) => reading(token, "country") !== undefined);
    const ofCountry = /^(country|nation)$/.test(found[6]!) || (target >= 0 && target <= 4);
    if (!ofCountry) continue;
    const country = countryOf(clause.subject)!;
    if (target >= 0 && !isCountry(tokens[end + target]!, country)) continue;
    const told = [i, ...(two ? [i + 1] : [])];
    book.claim(inPart(told.map((k) => tokens[k]!.lower).join(" "), row, country), ...told);
    i = end - 1;
  }
};

function inPart(name: string, row: CityRow, country: CountryRow): Truth {
  const way = distanceKm(row, country);
  const width = Math.sqrt(country.areaKm2);
  if (name === "central") return way < 0.25 * width ? "right" : way < 0.4 * width ? "unknown" : "wrong";
  const off = angleBetween(bearing(country, row), degreesOf(name));
  if (way < 0.1 * width) return "unknown";
  return off <= 60 ? "right" : off < 100 ? "unknown" : "wrong";
}

/** Degrees from north, clockwise, of "north", "southeastern", "north western". */
function degreesOf(name: string): number {
  const found = ["north", "south", "east", "west"].filter((one) => name.includes(one)).map((one) => compass[one]!);
  if (found.length < 2) return found[0] ?? 0;
  const [a, b] = found as [number, number];
  return Math.abs(a - b) > 180 ? (a + b + 360) / 2 : (a + b) / 2;
}

const angleBetween = (a: number, b: number): number => Math.abs(((a - b + 540) % 360) - 180);

/** The way one sets out on along the great circle. */
function bearing(from: Point, to: Point): number {
  const [x, y, z] = unitVector(to);
  const radians = Math.PI / 180;
  const [lat, lon] = [from.latitude * radians, from.longitude * radians];
  const east = -Math.sin(lon) * x + Math.cos(lon) * y;
  const north = -Math.sin(lat) * Math.cos(lon) * x - Math.sin(lat) * Math.sin(lon) * y + Math.cos(lat) * z;
  return (Math.atan2(east, north) / radians + 360) % 360;
}

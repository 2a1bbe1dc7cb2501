/**
 * Geography on a sphere and the words Atlas uses for its results. Latitudes and longitudes in degrees, north and east
 * positive.
 */

/** A point on the globe, degrees. */
export interface Point {
  latitude: number;
  longitude: number;
}

const RADIANS = Math.PI / 180;
const EARTH_RADIUS_KM = 6371;
/** Tilt of the Earth's axis: the tropics end at this latitude. */
const TILT = 23.44;

/** Unit vector [x, y, z] of a point. */
export function unitVector({ latitude, longitude }: Point): [number, number, number] {
  const ring = Math.cos(latitude * RADIANS);
  return [ring * Math.cos(longitude * RADIANS), ring * Math.sin(longitude * RADIANS), Math.sin(latitude * RADIANS)];
}

/** Great-circle kilometres for the dot product of two unit vectors. */
export function kmOfDot(dot: number): number {
  return EARTH_RADIUS_KM * Math.acos(Math.min(1, Math.max(-1, dot)));
}

/** Great-circle distance in kilometres. */
export function distanceKm(a: Point, b: Point): number {
  const [u, v] = [unitVector(a), unitVector(b)];
  return kmOfDot(u[0] * v[0] + u[1] * v[1] + u[2] * v[2]);
}

/** A positive number rounded to one significant digit. */
export function oneDigit(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.round(value / unit) * unit;
}

/** "3 million", "400 thousand", "700": one significant digit. */
export function countWords(value: number): string {
  const rounded = oneDigit(value);
  if (rounded >= 1e6) return `${Math.round(rounded / 1e6)} million`;
  return rounded >= 1e3 ? `${Math.round(rounded / 1e3)} thousand` : String(Math.round(rounded));
}

/** "300 km": one significant digit, at least 1 km. */
export function kmWords(km: number): string {
  return `${oneDigit(Math.max(1, km))} km`;
}

/** "35 north", rounded to `step` degrees; "0" where it rounds to none. */
export function degreeWords(degrees: number, step: number, positive: string, negative: string): string {
  const rounded = Math.round(Math.abs(degrees) / step) * step;
  return rounded === 0 ? "0" : `${rounded} ${degrees > 0 ? positive : negative}`;
}

/** Climate zone by latitude alone: tropical to the tropics, subtropical to 35, temperate to 50, cool beyond. */
export function climateZone(latitude: number): string {
  const distance = Math.abs(latitude);
  return distance < TILT ? "tropical" : distance < 35 ? "subtropical" : distance < 50 ? "temperate" : "cool";
}

/** Length of the longest day in whole hours: the sun's geometric centre, no refraction. */
export function longestDayHours(latitude: number): number {
  const cosine = -Math.tan(Math.abs(latitude) * RADIANS) * Math.tan(TILT * RADIANS);
  return cosine <= -1 ? 24 : Math.round((2 * Math.acos(cosine)) / RADIANS / 15);
}

/** Mean solar time as an offset in whole hours: "UTC+3", "UTC-5", "UTC". */
export function solarTime(longitude: number): string {
  const hours = Math.round(longitude / 15);
  return hours === 0 ? "UTC" : `UTC${hours > 0 ? "+" : "-"}${Math.abs(hours)}`;
}

/** Where a point lies in a land: by the larger component from its centre; "central" within a fifth of its width. */
export function partOfCountry(point: Point, centre: Point, areaKm2: number): string {
  if (distanceKm(point, centre) < 0.2 * Math.sqrt(areaKm2)) return "central";
  const north = point.latitude - centre.latitude;
  const turn = ((point.longitude - centre.longitude + 540) % 360) - 180;
  const east = turn * Math.cos(centre.latitude * RADIANS);
  if (Math.abs(north) > Math.abs(east)) return north > 0 ? "northern" : "southern";
  return east > 0 ? "eastern" : "western";
}

/** Python's strftime, in the C locale and UTC: how chat templates write a date. */

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
/** Weeks of the year that begin with this day of the week (0: Sunday). */
const weekOfYear = (date: Date, first: number): number =>
  Math.floor((dayOfYear(date) + 6 - ((date.getUTCDay() + 7 - first) % 7)) / 7);
const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12;

/** Width of a number, and what pads it. */
type Field = string | { value: number; width: number; pad?: " " };
const two = (value: number, pad?: " "): Field => ({ value, width: 2, pad });

const fields: Readonly<Record<string, (date: Date) => Field>> = {
  a: (d) => days[d.getUTCDay()]!.slice(0, 3),
  A: (d) => days[d.getUTCDay()]!,
  b: (d) => months[d.getUTCMonth()]!.slice(0, 3),
  B: (d) => months[d.getUTCMonth()]!,
  C: (d) => two(Math.floor(d.getUTCFullYear() / 100)),
  d: (d) => two(d.getUTCDate()),
  e: (d) => two(d.getUTCDate(), " "),
  f: (d) => ({ value: 1000 * d.getUTCMilliseconds(), width: 6 }),
  H: (d) => two(d.getUTCHours()),
  I: (d) => two(hour12(d)),
  j: (d) => ({ value: dayOfYear(d), width: 3 }),
  k: (d) => two(d.getUTCHours(), " "),
  l: (d) => two(hour12(d), " "),
  m: (d) => two(d.getUTCMonth() + 1),
  M: (d) => two(d.getUTCMinutes()),
  n: () => "\n",
  p: (d) => (d.getUTCHours() < 12 ? "AM" : "PM"),
  P: (d) => (d.getUTCHours() < 12 ? "am" : "pm"),
  S: (d) => two(d.getUTCSeconds()),
  t: () => "\t",
  u: (d) => String(d.getUTCDay() || 7),
  U: (d) => two(weekOfYear(d, 0)),
  w: (d) => String(d.getUTCDay()),
  W: (d) => two(weekOfYear(d, 1)),
  y: (d) => two(d.getUTCFullYear() % 100),
  Y: (d) => String(d.getUTCFullYear()),
  z: () => "",
  Z: () => "",
  "%": () => "%",
};
/** Fields that stand for several. */
const composed: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  h: "%b",
  r: "%I:%M:%S %p",
  R: "%H:%M",
  T: "%H:%M:%S",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

/** @param format of fields %Y, %-d, … (glibc's flags - _ 0 ^); an unknown one stays as it is */
export function strftime(date: Date, format: string): string {
  return format.replace(/%([-_0^]?)([a-zA-Z%])/g, (whole, flag: string, letter: string) => {
    const parts = composed[letter];
    if (parts !== undefined) return strftime(date, parts);
    const field = fields[letter]?.(date);
    if (field === undefined) return whole;
    if (typeof field === "string") return flag === "^" ? field.toUpperCase() : field;
    if (flag === "-") return String(field.value);
    const pad = flag === "_" ? " " : flag === "0" ? "0" : (field.pad ?? "0");
    return String(field.value).padStart(field.width, pad);
  });
}

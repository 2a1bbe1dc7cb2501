/** Spoils files: bytes, text, and JSON by its structure; the same seed spoils in the same way. */
import type { Rng } from "../../lib/base/rng";

/** What a file holds, and so how it is spoilt, beside byte by byte. */
export type Kind = "bytes" | "text" | "json" | "jsonl";

/** One to three changes. @param words what may come into texts */
export function mutate(content: Buffer, kind: Kind, words: readonly string[], rng: Rng): Buffer {
  let spoilt = content;
  for (let left = 1 + rng.int(3); left > 0; left--) spoilt = once(spoilt, kind, words, rng);
  return spoilt;
}

function once(content: Buffer, kind: Kind, words: readonly string[], rng: Rng): Buffer {
  if (kind === "bytes" || rng.int(5) === 0) return rng.pick(byteChanges)(content, rng);
  if (kind === "text" || rng.int(4) === 0) return Buffer.from(spoilText(content.toString(), words, rng));
  return Buffer.from(kind === "json" ? spoilJson(content.toString(), words, rng) : spoilLine(content, words, rng));
}

type Change = (content: Buffer, rng: Rng) => Buffer;
const part = (content: Buffer, rng: Rng): [start: number, end: number] => {
  const start = rng.int(content.length + 1);
  return [start, Math.min(content.length, start + rng.int(1 + rng.pick([1, 8, 300, content.length])))];
};
const set = (content: Buffer, rng: Rng, value: (byte: number) => number): Buffer => {
  const copy = Buffer.from(content);
  // the beginning of a file says what the rest means
  const at = rng.int(rng.int(2) ? copy.length + 1 : Math.min(copy.length, 200) + 1);
  if (at < copy.length) copy[at] = value(copy[at]!);
  return copy;
};
const byteChanges: readonly Change[] = [
  (content, rng) => set(content, rng, (byte) => byte ^ (1 << rng.int(8))),
  (content, rng) => set(content, rng, () => rng.pick([0, 0xff, 0x7f, 0x80, 10, 34, rng.int(256)])),
  (content, rng) => content.subarray(0, rng.int(content.length + 1)),
  (content, rng) => {
    const [start, end] = part(content, rng);
    return Buffer.concat([content.subarray(0, start), content.subarray(end)]);
  },
  (content, rng) => {
    const [start, end] = part(content, rng);
    return Buffer.concat([content.subarray(0, end), content.subarray(start)]);
  },
  (content, rng) => {
    const at = rng.int(content.length + 1);
    const more = Buffer.alloc(rng.pick([1, 8, 4096]), rng.pick([0, 0xff, 32, 91]));
    return Buffer.concat([content.subarray(0, at), more, content.subarray(at)]);
  },
];

/** A word in the place of something, a number of another size, a piece twice or not at all. */
function spoilText(text: string, words: readonly string[], rng: Rng): string {
  const numbers = [...text.matchAll(/\d+/g)];
  const number = numbers.length > 0 && rng.int(3) === 0 ? rng.pick(numbers) : undefined;
  const start = number?.index ?? rng.int(text.length + 1);
  const end = number ? start + number[0].length : Math.min(text.length, start + rng.int(1 + rng.pick([0, 5, 50])));
  const instead = number ? rng.pick(numerals) : rng.pick([...words, ...texts, text.slice(start, end).repeat(2)]);
  return text.slice(0, start) + instead + text.slice(end);
}

const numerals = ["-1", "0", "1e9", "1000000000", "9007199254740993", "1e308", "1e999", "0.5", "-0", "00"];
const texts = [
  "",
  "__proto__",
  "constructor",
  "\u0000",
  "\uD800",
  "\u{1F600}",
  "e\u0301",
  "\uFEFF",
  " ".repeat(5000),
  "a".repeat(5000),
  "\n\n",
  "../../x",
  '"',
  "{{",
  "<s>",
];
/** Deeper than a stack, wider than any row. */
const hostile = (words: readonly string[], rng: Rng): unknown =>
  rng.pick<() => unknown>([
    () => null,
    () => true,
    () => rng.pick([-1, 0, 0.5, 1e9, 2 ** 31, 2 ** 53, 1e308, -1e308]),
    () => rng.pick([...texts, ...words]),
    () => [],
    () => ({}),
    () => JSON.parse("[".repeat(3000) + "]".repeat(3000)) as unknown,
    () => Array.from({ length: 20_000 }, () => 0),
    () => JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}') as unknown,
  ])();

function spoilLine(content: Buffer, words: readonly string[], rng: Rng): string {
  const lines = content.toString().split("\n");
  const at = rng.int(lines.length);
  lines[at] = spoilJson(lines[at]!, words, rng);
  return lines.join("\n");
}

/** Puts something else in the place of one value, leaves out a key, adds one, or says one twice. */
function spoilJson(text: string, words: readonly string[], rng: Rng): string {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(text) as unknown };
  } catch {
    return spoilText(text, words, rng);
  }
  const places = placesIn(root);
  const { of, key } = rng.pick(places);
  if (Array.isArray(of)) {
    if (rng.int(3) === 0)
      of.splice(Number(key), rng.int(2), ...Array.from({ length: rng.int(50) }, () => of[Number(key)]));
    else of[Number(key)] = changed(of[Number(key)], words, rng);
  } else if (of === root || rng.int(3) > 0) of[key] = changed(of[key], words, rng);
  else if (rng.int(2)) delete of[key];
  else of[rng.pick(["x", "__proto__", "", ...words])] = of[key];
  return spelled(root.value) ?? text;
}

function changed(value: unknown, words: readonly string[], rng: Rng): unknown {
  if (typeof value === "number" && rng.int(2)) return value * rng.pick([-1, 1e9, 0, 0.5, 2]) + rng.pick([0, 1, -1]);
  if (typeof value === "string" && rng.int(2)) return spoilText(value, words, rng);
  return hostile(words, rng);
}

/** Every value that could be another. Some are looked at where there are many. */
function placesIn(root: { value: unknown }): { of: Record<string, unknown> | unknown[]; key: string }[] {
  const places: ReturnType<typeof placesIn> = [];
  const waiting: object[] = [root];
  for (let of; places.length < 5000 && (of = waiting.shift());)
    for (const [key, value] of Object.entries(of)) {
      places.push({ of: of as Record<string, unknown>, key });
      if (value !== null && typeof value === "object") waiting.push(value as object);
    }
  return places;
}

function spelled(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // too deep
  }
}

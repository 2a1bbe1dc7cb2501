/** Python's methods of texts, as functions. */
import { mostCharacters } from "./operator";
import { TemplateError } from "./value";

const white = /[\s\x1c-\x1f\x85]/u;

/** Without characters of a set, or white space, at one or both ends. */
export function stripped(text: string, characters: string | undefined, ends: "both" | "left" | "right"): string {
  const points = [...text];
  const goes = (point: string) => (characters === undefined ? white.test(point) : characters.includes(point));
  let [start, end] = [0, points.length];
  if (ends !== "right") while (start < end && goes(points[start]!)) start++;
  if (ends !== "left") while (end > start && goes(points[end - 1]!)) end--;
  return points.slice(start, end).join("");
}

/** Words with a capital each; letters behind anything but a letter begin one. */
export function titled(text: string): string {
  return text.replace(/\p{L}[\p{L}\p{M}]*/gu, (word) => capitalized(word));
}

export function capitalized(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

export function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator === "") throw new TemplateError("empty separator");
  if (separator !== undefined) {
    const all = text.split(separator);
    return most < 0 || all.length <= most ? all : [...all.slice(0, most), all.slice(most).join(separator)];
  }
  const parts: string[] = [];
  for (const { 0: word, index } of text.matchAll(/[^\s\x1c-\x1f\x85]+/gu)) {
    if (parts.length === most) return [...parts, text.slice(index)];
    parts.push(word);
  }
  return parts;
}

export function splitFromRight(text: string, separator: string | undefined, most: number): string[] {
  const turned = (of: string) => [...of].reverse().join("");
  return split(turned(text), separator === undefined ? undefined : turned(separator), most)
    .map(turned)
    .reverse();
}

export function replaced(text: string, old: string, by: string, count: number): string {
  const parts = old === "" ? ["", ...text, ""] : text.split(old);
  const times = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  if (text.length + times * by.length > mostCharacters) throw new TemplateError("a text that is too long");
  const joined = parts.slice(0, times + 1).join(by);
  return [joined, ...parts.slice(times + 1)].join(old);
}

/** Where a part stands, in characters; -1 where it does not. */
export function place(text: string, part: string, from: number, to: number | undefined, last: boolean): number {
  const points = [...text];
  const bound = (value: number) => Math.min(points.length, Math.max(0, value < 0 ? value + points.length : value));
  const start = bound(from);
  const piece = points.slice(start, to === undefined ? undefined : bound(to)).join("");
  const at = last ? piece.lastIndexOf(part) : piece.indexOf(part);
  return at < 0 ? -1 : start + [...piece.slice(0, at)].length;
}

export function lines(text: string, keepEnds = false): string[] {
  const found =
    text.match(/[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/gu) ?? [];
  const all = found.filter((line, i) => line !== "" || i < found.length - 1);
  return keepEnds ? all : all.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/u, ""));
}

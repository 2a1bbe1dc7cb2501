/** Methods of Python's texts, by name. */
import type { Given } from "./given";
import { mostCharacters } from "./operator";
import { capitalized, lines, place, replaced, split, splitFromRight, stripped, titled } from "./text";
import { itemsOf, TemplateError, Tuple, Undefined, type Value } from "./value";

/** Its parameters, and what it does. */
export type Method<Of> = readonly [parameters: readonly string[], run: (of: Of, given: Given) => Value];

function affix(text: string, given: Given, has: (piece: string, part: string) => boolean): boolean {
  const parts = given.required("prefix");
  const end = given.value("end");
  const points = [...text].slice(given.whole("start", 0), typeof end === "number" ? end : undefined);
  const piece = points.join("");
  const list = parts instanceof Tuple ? parts.items : [parts];
  return list.some((part) => {
    if (typeof part === "string") return has(piece, part);
    throw new TemplateError("startswith first arg must be str or a tuple of str");
  });
}

const found = (last: boolean, must: boolean): Method<string> => [
  ["sub", "start", "end"],
  (text, given) => {
    const end = given.value("end");
    const at = place(text, given.text("sub"), given.whole("start", 0), typeof end === "number" ? end : undefined, last);
    if (must && at < 0) throw new TemplateError("substring not found");
    return at;
  },
];
const parted = (last: boolean): Method<string> => [
  ["sep"],
  (text, given) => {
    const separator = given.text("sep");
    const at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) return new Tuple(last ? ["", "", text] : [text, "", ""]);
    return new Tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
  },
];
const is = (whole: RegExp): Method<string> => [[], (text) => whole.test(text)];
const justified = (left: (space: number, width: number) => number): Method<string> => [
  ["width", "fillchar"],
  (text, given) => {
    const width = Math.min(given.whole("width"), mostCharacters);
    const space = Math.max(0, width - [...text].length);
    const fill = given.text("fillchar", " ");
    return fill.repeat(left(space, width)) + text + fill.repeat(space - left(space, width));
  },
];
const strips = (ends: "both" | "left" | "right"): Method<string> => [
  ["chars"],
  (text, given) => stripped(text, given.textOrNone("chars"), ends),
];
const cased = (text: string) => /\p{Lu}|\p{Ll}|\p{Lt}/u.test(text);

export const textMethods: Readonly<Record<string, Method<string>>> = {
  capitalize: [[], capitalized],
  casefold: [[], (text) => text.toLowerCase().replaceAll("ß", "ss")],
  center: justified((space, width) => (space >> 1) + (space & width & 1)),
  count: [
    ["sub"],
    (text, given) => (given.text("sub") === "" ? [...text].length + 1 : text.split(given.text("sub")).length - 1),
  ],
  endswith: [["prefix", "start", "end"], (text, given) => affix(text, given, (piece, part) => piece.endsWith(part))],
  find: found(false, false),
  index: found(false, true),
  isalnum: is(/^[\p{L}\p{N}]+$/u),
  isalpha: is(/^\p{L}+$/u),
  isascii: is(/^[\0-\x7f]*$/),
  isdecimal: is(/^\p{Nd}+$/u),
  isdigit: is(/^[\p{Nd}²³¹⁰-⁹₀-₉]+$/u),
  islower: [[], (text) => cased(text) && text === text.toLowerCase()],
  isnumeric: is(/^\p{N}+$/u),
  isspace: is(/^[\s\x1c-\x1f\x85]+$/u),
  istitle: [[], (text) => cased(text) && text === titled(text)],
  isupper: [[], (text) => cased(text) && text === text.toUpperCase()],
  join: [["iterable"], (text, given) => joined(text, itemsOf(given.required("iterable")))],
  ljust: justified(() => 0),
  lower: [[], (text) => text.toLowerCase()],
  lstrip: strips("left"),
  partition: parted(false),
  removeprefix: [
    ["prefix"],
    (text, given) =>
      removed(
        text,
        given.text("prefix"),
        (a, b) => a.startsWith(b),
        (n) => text.slice(n),
      ),
  ],
  removesuffix: [
    ["suffix"],
    (text, given) =>
      removed(
        text,
        given.text("suffix"),
        (a, b) => a.endsWith(b),
        (n) => text.slice(0, text.length - n),
      ),
  ],
  replace: [
    ["old", "new", "count"],
    (text, given) => replaced(text, given.text("old"), given.text("new"), given.whole("count", -1)),
  ],
  rfind: found(true, false),
  rindex: found(true, true),
  rjust: justified((space) => space),
  rpartition: parted(true),
  rsplit: [
    ["sep", "maxsplit"],
    (text, given) => splitFromRight(text, given.textOrNone("sep"), given.whole("maxsplit", -1)),
  ],
  rstrip: strips("right"),
  split: [["sep", "maxsplit"], (text, given) => split(text, given.textOrNone("sep"), given.whole("maxsplit", -1))],
  splitlines: [["keepends"], (text, given) => lines(text, given.flag("keepends"))],
  startswith: [
    ["prefix", "start", "end"],
    (text, given) => affix(text, given, (piece, part) => piece.startsWith(part)),
  ],
  strip: strips("both"),
  swapcase: [[], (text) => [...text].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join("")],
  title: [[], titled],
  upper: [[], (text) => text.toUpperCase()],
  zfill: [
    ["width"],
    (text, given) =>
      text.replace(
        /^[-+]?/,
        (sign) => sign + "0".repeat(Math.max(0, Math.min(given.whole("width"), 1000) - text.length)),
      ),
  ],
};

function removed(
  text: string,
  part: string,
  has: (a: string, b: string) => boolean,
  without: (n: number) => string,
): string {
  return part !== "" && has(text, part) ? without(part.length) : text;
}

function joined(separator: string, items: readonly Value[]): string {
  const texts = items.map((item, i) => {
    if (typeof item === "string") return item;
    if (item instanceof Undefined) item.fail();
    throw new TemplateError(`sequence item ${i}: expected str instance`);
  });
  return texts.join(separator);
}

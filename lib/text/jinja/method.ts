/**
 * Methods of Python's texts, lists, tuples and dictionaries, bound to a value. Those that would change it are kept from
 * templates, as in transformers' sandbox.
 */
import { formatFields } from "./format";
import { Given } from "./given";
import { mostCharacters, compares } from "./operator";
import { repr } from "./print";
import {
  type Arguments,
  Callable,
  Dict,
  equal,
  isList,
  itemsOf,
  Lazy,
  None,
  TemplateError,
  Tuple,
  Undefined,
  type Value,
} from "./value";

/** Attributes and items of a value, for fields of `str.format`. */
export type LookUp = (value: Value, name: string, item: boolean) => Value;

type Method<Of> = readonly [parameters: readonly string[], run: (of: Of, given: Given) => Value];

/** The method of a value, bound to it; undefined where there is none. */
export function methodOf(value: Value, name: string, lookUp: LookUp): Value | undefined {
  if (typeof value === "string") {
    if (name === "format") return new Callable(name, (given) => formatFields(value, given, lookUp));
    return bound(value, name, textMethods);
  }
  if (isList(value)) return changes.list.includes(name) ? kept(name, "list") : bound(value, name, listMethods);
  if (value instanceof Tuple) return bound(value.items, name, listMethods);
  if (value instanceof Dict) return changes.dict.includes(name) ? kept(name, "dict") : bound(value, name, dictMethods);
  return undefined;
}

function bound<Of extends Value | readonly Value[]>(
  of: Of,
  name: string,
  methods: Readonly<Record<string, Method<Of>>>,
): Value | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method && new Callable(name, (given: Arguments) => method[1](of, new Given(name, given, method[0])));
}

const changes = {
  list: ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"],
  dict: ["clear", "pop", "popitem", "setdefault", "update"],
};

function kept(name: string, type: string): Undefined {
  return new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`);
}

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

function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator === "") throw new TemplateError("empty separator");
  const parts: string[] = [];
  let rest = separator === undefined ? stripped(text, undefined, "left") : text;
  while (most < 0 || parts.length < most) {
    const at = separator === undefined ? rest.search(white) : rest.indexOf(separator);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = separator === undefined ? stripped(rest.slice(at), undefined, "left") : rest.slice(at + separator.length);
  }
  if (separator !== undefined || rest !== "") parts.push(rest);
  return parts;
}

function splitFromRight(text: string, separator: string | undefined, most: number): string[] {
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
function place(text: string, part: string, from: number, to: number | undefined, last: boolean): number {
  const points = [...text];
  const bound = (value: number) => Math.min(points.length, Math.max(0, value < 0 ? value + points.length : value));
  const start = bound(from);
  const piece = points.slice(start, to === undefined ? undefined : bound(to)).join("");
  const at = last ? piece.lastIndexOf(part) : piece.indexOf(part);
  return at < 0 ? -1 : start + [...piece.slice(0, at)].length;
}

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

const textMethods: Readonly<Record<string, Method<string>>> = {
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

export function lines(text: string, keepEnds = false): string[] {
  const found =
    text.match(/[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|$)/gu) ?? [];
  const all = found.filter((line, i) => line !== "" || i < found.length - 1);
  return keepEnds ? all : all.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/u, ""));
}

function joined(separator: string, items: readonly Value[]): string {
  const texts = items.map((item, i) => {
    if (typeof item === "string") return item;
    if (item instanceof Undefined) item.fail();
    throw new TemplateError(`sequence item ${i}: expected str instance`);
  });
  return texts.join(separator);
}

const listMethods: Readonly<Record<string, Method<readonly Value[]>>> = {
  copy: [[], (items) => [...items]],
  count: [["value"], (items, given) => items.filter((item) => equal(item, given.required("value"))).length],
  index: [
    ["value"],
    (items, given) => {
      const at = items.findIndex((item) => compares("==", item, given.required("value")));
      if (at < 0) throw new TemplateError("value is not in list");
      return at;
    },
  ],
};

const view = (name: string, items: readonly Value[]): Lazy => new Lazy(items, () => `${name}(${repr(items)})`);

const dictMethods: Readonly<Record<string, Method<Dict>>> = {
  copy: [[], (dict) => new Dict(dict.items())],
  get: [
    ["key", "default"],
    (dict, given) =>
      dict.has(given.required("key")) ? dict.get(given.required("key")) : (given.value("default") ?? None),
  ],
  items: [
    [],
    (dict) =>
      view(
        "dict_items",
        dict.items().map((entry) => new Tuple(entry)),
      ),
  ],
  keys: [[], (dict) => view("dict_keys", dict.keys())],
  values: [[], (dict) => view("dict_values", dict.values())],
};

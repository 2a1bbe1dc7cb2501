/** Jinja's filters of texts and numbers, and json.dumps; those of sequences are in `sequenceFilter.ts`. */
import { fixed, formatted } from "./format";
import { Given } from "./given";
import { capitalized, lines, replaced, stripped } from "./text";
import { repr, toJson, toText } from "./print";
import { type Call, type Filters, sequenceFilters } from "./sequenceFilter";
import {
  type Arguments,
  Dict,
  Float,
  isList,
  itemsOf,
  lengthOf,
  None,
  numberOf,
  TemplateError,
  truth,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./value";

const soft = (value: Value): string => toText(value);

function onlyText(filter: string, value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) value.fail();
  throw new TemplateError(`${filter} of '${typeName(value)}', where a text is expected`);
}

const textFilters: Filters = {
  abs: [
    [],
    (value) => {
      const number = numberOf(value);
      if (number === undefined) throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
      return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number);
    },
  ],
  capitalize: [[], (value) => capitalized(soft(value))],
  center: [
    ["width"],
    (value, given) => {
      const text = soft(value);
      const space = Math.max(0, Math.min(1 << 16, given.whole("width", 80)) - [...text].length);
      const left = (space >> 1) + (space & given.whole("width", 80) & 1);
      return " ".repeat(left) + text + " ".repeat(space - left);
    },
  ],
  default: [
    ["default_value", "boolean"],
    (value, given) => {
      const missing = value instanceof Undefined || (given.flag("boolean") && !truth(value));
      return missing ? (given.value("default_value") ?? "") : value;
    },
  ],
  escape: [[], (value) => escaped(soft(value))],
  float: [["default"], (value, given) => asFloat(value) ?? given.value("default") ?? new Float(0)],
  indent: [
    ["width", "first", "blank"],
    (value, given) => {
      const width = given.value("width") ?? 4;
      const by = typeof width === "string" ? width : " ".repeat(Math.min(1 << 10, numberOf(width) ?? 0));
      const [first = "", ...rest] = lines(`${onlyText("indent", value)}\n`);
      const indented = rest.map((line) => (line === "" && !given.flag("blank") ? line : by + line));
      return (given.flag("first") ? by : "") + [first, ...indented].join("\n");
    },
  ],
  int: [["default", "base"], (value, given) => asWhole(value, given.whole("base", 10)) ?? given.value("default") ?? 0],
  length: [[], (value) => lengthOf(value)],
  lower: [[], (value) => soft(value).toLowerCase()],
  pprint: [[], (value) => repr(value)],
  replace: [
    ["old", "new", "count"],
    (value, given) => {
      const count = given.value("count") ?? None;
      return replaced(soft(value), soft(given.required("old")), soft(given.required("new")), numberOf(count) ?? -1);
    },
  ],
  round: [
    ["precision", "method"],
    (value, given) => rounded(value, given.whole("precision", 0), given.text("method", "common")),
  ],
  safe: [[], soft],
  string: [[], soft],
  title: [
    [],
    (value) =>
      soft(value)
        .split(/([-\s({[<]+)/u)
        .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
        .join(""),
  ],
  trim: [["chars"], (value, given) => stripped(soft(value), given.textOrNone("chars"), "both")],
  truncate: [
    ["length", "killwords", "end", "leeway"],
    (value, given) => {
      const [points, end, length] = [
        [...onlyText("truncate", value)],
        given.text("end", "..."),
        given.whole("length", 255),
      ];
      if (points.length <= length + given.whole("leeway", 5)) return points.join("");
      const cut = points.slice(0, length - [...end].length).join("");
      if (given.flag("killwords")) return cut + end;
      return (cut.includes(" ") ? cut.slice(0, cut.lastIndexOf(" ")) : cut) + end;
    },
  ],
  upper: [[], (value) => soft(value).toUpperCase()],
  urlencode: [[], (value) => encoded(value)],
  wordcount: [[], (value) => soft(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
};
const nothing: Arguments = { args: [], kwargs: new Map() };
const aliases: Readonly<Record<string, string>> = { count: "length", d: "default", e: "escape", forceescape: "escape" };

function named(name: string, call: Call): Filters[string] | undefined {
  const known = Object.hasOwn(aliases, name) ? aliases[name]! : name;
  const filters = Object.hasOwn(textFilters, known) ? textFilters : sequenceFilters(call);
  return Object.hasOwn(filters, known) ? filters[known] : undefined;
}

export function hasFilter(name: string, call: Call): boolean {
  return name === "tojson" || name === "format" || named(name, call) !== undefined;
}

/** @throws TemplateError for a filter that is not known, or its values */
export function applyFilter(name: string, value: Value, given: Arguments, call: Call): Value {
  if (name === "tojson") return toJson(value, given);
  if (name === "format")
    return formatted(soft(value), given.kwargs.size > 0 ? new Dict(given.kwargs) : new Tuple(given.args));
  const filter = named(name, call);
  if (!filter) throw new TemplateError(`No filter named '${name}'.`);
  const [parameters, run] = filter;
  return run(value, parameters === "any" ? new Given(name, nothing, []) : new Given(name, given, parameters), given);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};
const escaped = (text: string): string => text.replace(/[&<>'"]/g, (c) => entities[c]!);

function asFloat(value: Value): Float | undefined {
  if (value instanceof Undefined) value.fail();
  if (typeof value !== "string") {
    const number = numberOf(value);
    return number === undefined ? undefined : new Float(number);
  }
  const text = value.trim().replace(/(\d)_(?=\d)/g, "$1");
  const named = /^([-+]?)(?:inf(?:inity)?|(nan))$/i.exec(text);
  if (named) return new Float(named[2] ? NaN : named[1] === "-" ? -Infinity : Infinity);
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? new Float(Number(text)) : undefined;
}

/** int(value, base), or of a text with a point int(float(value)). */
function asWhole(value: Value, base: number): number | undefined {
  if (typeof value === "string") {
    const text = value
      .trim()
      .toLowerCase()
      .replace(/(\w)_(?=\w)/g, "$1")
      .replace(base === 16 ? /^0x/ : base === 8 ? /^0o/ : base === 2 ? /^0b/ : /^$/, "");
    const digits = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, base);
    if (new RegExp(`^[-+]?[${digits}]+$`).test(text)) return parseInt(text, base);
  }
  const number = asFloat(value)?.value;
  return number === undefined || !Number.isFinite(number) ? undefined : Math.trunc(number) || 0;
}

function rounded(value: Value, precision: number, method: string): Value {
  const number = numberOf(value);
  if (number === undefined) throw new TemplateError(`type ${typeName(value)} doesn't define __round__ method`);
  const scale = 10 ** precision;
  if (method === "ceil") return new Float(Math.ceil(number * scale) / scale);
  if (method === "floor") return new Float(Math.floor(number * scale) / scale);
  if (method !== "common") throw new TemplateError("method must be common, ceil or floor");
  if (!(value instanceof Float)) return number;
  const size = Math.abs(number);
  const text = precision >= 0 ? fixed(size, Math.min(40, precision)) : String(Number(fixed(size * scale, 0)) / scale);
  return new Float(number < 0 ? -Number(text) : Number(text));
}

function encoded(value: Value): string {
  const quoted = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  if (typeof value === "string" || !(value instanceof Dict || isList(value)))
    return quoted(soft(value)).replaceAll("%2F", "/");
  const pairs = value instanceof Dict ? value.items() : itemsOf(value).map(itemsOf);
  if (pairs.some((pair) => pair.length !== 2)) throw new TemplateError("pairs of other lengths than two");
  return pairs.map((pair) => pair.map((part) => quoted(soft(part)).replaceAll("%20", "+")).join("=")).join("&");
}

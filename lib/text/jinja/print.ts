/** Values as text: Python's str and repr, and json.dumps. */
import {
  type Arguments,
  Callable,
  Dict,
  Float,
  isList,
  Lazy,
  None,
  Tuple,
  Undefined,
  TemplateError,
  type Value,
  typeName,
  truth,
} from "./value";

export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  return repr(value);
}

export function repr(value: Value): string {
  if (value === None) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return wholeText(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof Float) return floatText(value.value);
  if (isList(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Tuple) return `(${value.items.map(repr).join(", ")}${value.items.length === 1 ? "," : ""})`;
  if (value instanceof Dict)
    return `{${value
      .items()
      .map(([key, held]) => `${repr(key)}: ${repr(held)}`)
      .join(", ")}}`;
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Lazy && value.repr) return value.repr();
  throw new TemplateError(`text of a ${value instanceof Callable ? "function" : typeName(value)}`);
}

function wholeText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new TemplateError("a whole number beyond 2^53");
}

/** The shortest text that reads back, in Python's form: 1e+16, 1e-05, inf, nan. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split("e") as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map((c) => {
    if (c === quote) return `\\${c}`;
    if (escapes[c] !== undefined) return escapes[c];
    return c !== " " && /[\p{C}\p{Z}]/u.test(c) ? numbered(c.codePointAt(0)!) : c;
  });
  return quote + body.join("") + quote;
}

function numbered(point: number): string {
  const width = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;
  return `\\${{ 2: "x", 4: "u", 8: "U" }[width]}${point.toString(16).padStart(width, "0")}`;
}

interface Dumping {
  indent: string | undefined;
  separators: [item: string, key: string];
  ascii: boolean;
  sorted: boolean;
}

/** The filter tojson as transformers replaces it: json.dumps, without escapes of HTML. */
export function toJson(value: Value, { args, kwargs }: Arguments): string {
  const option = (i: number, name: string): Value => args[i] ?? kwargs.get(name) ?? None;
  const indent = option(1, "indent");
  const separators = option(2, "separators");
  const width = typeof indent === "number" ? " ".repeat(Math.min(64, Math.max(0, indent))) : indent;
  const pair = isList(separators) ? separators : separators instanceof Tuple ? separators.items : undefined;
  return dumped(
    value,
    {
      indent: typeof width === "string" ? width : undefined,
      separators: pair ? [toText(pair[0]!), toText(pair[1]!)] : [width === None ? ", " : ",", ": "],
      ascii: truth(option(0, "ensure_ascii")),
      sorted: truth(option(3, "sort_keys")),
    },
    "\n",
  );
}

function dumped(value: Value, how: Dumping, lineBreak: string): string {
  if (value === None) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return wholeText(value);
  if (value instanceof Float) return Number.isFinite(value.value) ? floatText(value.value) : jsonInfinite(value.value);
  if (typeof value === "string") return jsonText(value, how.ascii);
  const next = lineBreak + (how.indent ?? "");
  const wrapped = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close;
    if (how.indent === undefined) return open + parts.join(how.separators[0]) + close;
    return open + next + parts.join(how.separators[0] + next) + lineBreak + close;
  };
  const items = isList(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items)
    return wrapped(
      "[",
      items.map((item) => dumped(item, how, next)),
      "]",
    );
  if (!(value instanceof Dict)) throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
  const entries = value.items().map(([key, held]): [string, Value] => [keyText(key), held]);
  if (how.sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return wrapped(
    "{",
    entries.map(([key, held]) => jsonText(key, how.ascii) + how.separators[1] + dumped(held, how, next)),
    "}",
  );
}

const jsonInfinite = (value: number): string => (Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key === None) return "null";
  if (typeof key === "boolean") return String(key);
  return repr(key);
}

function jsonText(text: string, ascii: boolean): string {
  // lone surrogates stand as they are in Python, DEL too
  const json = JSON.stringify(text).replace(/\\ud[89a-f][0-9a-f]{2}/g, (c) =>
    ascii ? c : (JSON.parse(`"${c}"`) as string),
  );
  return ascii ? json.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`) : json;
}

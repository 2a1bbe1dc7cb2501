/** Python's `'…' % values` and `'…'.format(values)`. */
import { floatText, repr, toText } from "./print";
import {
  type Arguments,
  Dict,
  Float,
  isList,
  numberOf,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./value";

interface Layout {
  fill: string;
  align: string;
  sign: string;
  alternate: boolean;
  width: number;
  comma: string;
  precision: number | undefined;
  type: string;
}

const most = 1 << 16;

/** Printf's conversions. @throws TemplateError for too few or too many values, or of another type */
export function formatted(template: string, values: Value): string {
  const list = values instanceof Tuple ? values.items : [values];
  let taken = 0;
  const next = (): Value => {
    if (taken >= list.length) throw new TemplateError("not enough arguments for format string");
    return list[taken++]!;
  };
  const text = template.replace(
    /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([^])?/g,
    (_, key: string | undefined, flags: string, width?: string, precision?: string, conversion?: string) => {
      const type = conversion ?? "";
      if (type === "%") return "%";
      const number = (given?: string) =>
        given === "*" ? numberOf(next()) : given === undefined ? undefined : Number(given);
      const wide = number(width) ?? 0;
      const precise = number(precision);
      const value = key === undefined ? next() : keyed(values, key);
      const left = flags.includes("-") || wide < 0;
      return laidOut(value, {
        fill: flags.includes("0") && !left && /[difFeEgGxXo]/.test(type) ? "0" : " ",
        align: left ? "<" : flags.includes("0") && /[difFeEgGxXo]/.test(type) ? "=" : ">",
        sign: flags.includes("+") ? "+" : flags.includes(" ") ? " " : "-",
        alternate: flags.includes("#"),
        width: Math.abs(wide),
        comma: "",
        precision: precise,
        type: type === "i" || type === "u" ? "d" : type,
      });
    },
  );
  if (taken < list.length && !(values instanceof Dict || isList(values)))
    throw new TemplateError("not all arguments converted during string formatting");
  return text;
}

function keyed(values: Value, key: string): Value {
  if (!(values instanceof Dict)) throw new TemplateError("format requires a mapping");
  if (!values.has(key)) throw new TemplateError(repr(key));
  return values.get(key);
}

/** `str.format`: fields by place or name, and what may follow. @param lookUp an attribute or item of a value */
export function formatFields(
  template: string,
  { args, kwargs }: Arguments,
  lookUp: (value: Value, name: string, item: boolean) => Value,
): string {
  let place = 0;
  return template.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g,
    (whole, field?: string, conversion?: string, layout?: string) => {
      if (whole === "{{" || whole === "}}") return whole[0]!;
      if (field === undefined) throw new TemplateError(`Single '${whole}' encountered in format string`);
      const [, name, rest] = /^([^.[]*)(.*)$/s.exec(field)!;
      let value = /^\d*$/.test(name!) ? args[name === "" ? place++ : Number(name)] : kwargs.get(name!);
      if (value === undefined)
        throw new TemplateError(/^\d*$/.test(name!) ? "Replacement index out of range" : repr(name!));
      for (const [, attribute, item] of rest!.matchAll(/\.([^.[]+)|\[([^\]]+)\]/g))
        value = lookUp(value, attribute ?? item!, attribute === undefined);
      if (conversion) value = conversion === "r" ? repr(value) : toText(value);
      return laidOut(value, readLayout(layout ?? ""));
    },
  );
}

function readLayout(text: string): Layout {
  const found = /^(?:([^])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/u.exec(text);
  if (!found) throw new TemplateError(`Invalid format specifier '${text}'`);
  const [, fill, align, sign = "-", alternate, zero, width = "0", comma = "", precision, type = ""] = found;
  return {
    fill: fill ?? (zero ? "0" : " "),
    align: align ?? (zero ? "=" : ""),
    sign,
    alternate: alternate !== undefined,
    width: Number(width),
    comma,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function laidOut(value: Value, how: Layout): string {
  if (how.width > most || (how.precision ?? 0) > 100) throw new TemplateError("a width that is too large");
  const number = numberOf(value);
  const textual = /[sra]/.test(how.type) || (how.type === "" && (number === undefined || typeof value === "boolean"));
  if (textual) {
    const text = how.type === "r" || how.type === "a" ? repr(value) : toText(value);
    const cut = how.precision === undefined ? text : [...text].slice(0, how.precision).join("");
    return padded("", cut, how, "<");
  }
  if (number === undefined) {
    if (value instanceof Undefined) value.fail();
    throw new TemplateError(`Unknown format code '${how.type}' for object of type '${typeName(value)}'`);
  }
  const sign = number < 0 || Object.is(number, -0) ? "-" : how.sign === "-" ? "" : how.sign;
  return padded(sign, digits(Math.abs(number), value instanceof Float, how), how, ">");
}

function digits(size: number, float: boolean, { type, precision, comma, alternate }: Layout): string {
  const bases: Readonly<Record<string, [number, string]>> = {
    x: [16, "0x"],
    X: [16, "0X"],
    o: [8, "0o"],
    b: [2, "0b"],
  };
  const base = bases[type];
  if (base) {
    const text = Math.floor(size).toString(base[0]);
    return (alternate ? base[1] : "") + (type === "X" ? text.toUpperCase() : text);
  }
  const isFixed = type.toLowerCase() === "f" || type === "%";
  let text: string;
  if (type === "d" || (type === "" && !float)) text = String(Math.floor(size));
  else if (isFixed) text = fixed(type === "%" ? 100 * size : size, precision ?? 6) + (type === "%" ? "%" : "");
  else if (type.toLowerCase() === "e") text = exponent(size.toExponential(precision ?? 6));
  else if (type === "" && precision === undefined) text = floatText(size);
  else text = general(size, precision ?? 6);
  return comma ? text.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, comma)) : text;
}

/** Digits behind the point of a number from 0 up; exact halves go to the even one, as in Python. */
export function fixed(size: number, precision: number): string {
  if (size < 1e21 && precision <= 40) {
    const [whole, behind] = size.toFixed(precision + 60).split(".") as [string, string];
    const kept = whole + behind.slice(0, precision);
    if (/^50*$/.test(behind.slice(precision)) && /[02468]$/.test(kept))
      return precision > 0 ? `${whole}.${behind.slice(0, precision)}` : whole;
  }
  return size < 1e21
    ? size.toFixed(precision)
    : BigInt(size).toString() + (precision ? `.${"0".repeat(precision)}` : "");
}

const exponent = (text: string): string => text.replace(/e([-+])(\d)$/, "e$10$2");

function general(size: number, precision: number): string {
  const significant = precision || 1;
  const power = size === 0 ? 0 : Number(size.toExponential(significant - 1).split("e")[1]);
  const bare = (text: string) => (text.includes(".") ? text.replace(/\.?0+(?=e|$)/, "") : text);
  if (power < -4 || power >= significant) return bare(exponent(size.toExponential(significant - 1)));
  return bare(size.toFixed(significant - 1 - power));
}

function padded(sign: string, body: string, { fill, align, width }: Layout, usual: string): string {
  const space = Math.max(0, width - [...sign, ...body].length);
  const left = { "<": 0, ">": space, "^": space >> 1, "=": space }[align || usual]!;
  if (align === "=") return sign + fill.repeat(left) + body;
  return fill.repeat(left) + sign + body + fill.repeat(space - left);
}

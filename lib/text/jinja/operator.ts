/** Python's operators on values. */
import { formatted } from "./format";
import {
  compare,
  Dict,
  equal,
  Float,
  isList,
  itemsOf,
  Lazy,
  None,
  numberOf,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./value";

/** Texts and lists that a template may make: far beyond any chat. */
export const mostCharacters = 1 << 24;
export const mostItems = 1 << 20;

/** `+ - * / // % **` @throws TemplateError for values that have none of that kind */
export function binary(operator: string, a: Value, b: Value): Value {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined)
    return arithmetic(operator, x, y, a instanceof Float || b instanceof Float || operator === "/");
  for (const value of [a, b]) if (value instanceof Undefined) value.fail();
  if (operator === "+") {
    if (typeof a === "string" && typeof b === "string") return a + b;
    if (isList(a) && isList(b)) return [...a, ...b];
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items]);
  }
  if (operator === "%" && typeof a === "string") return formatted(a, b);
  if (operator === "*") {
    const [what, times] = typeof b === "number" || typeof b === "boolean" ? [a, Number(b)] : [b, a];
    if (typeof times === "number" || typeof times === "boolean") {
      const repeated = repeat(what, Math.max(0, Number(times)));
      if (repeated !== undefined) return repeated;
    }
  }
  throw new TemplateError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

function arithmetic(operator: string, x: number, y: number, float: boolean): Value {
  if (y === 0 && (operator === "/" || operator === "//" || operator === "%" || (operator === "**" && x === 0 && y < 0)))
    throw new TemplateError("division by zero");
  const floor = Math.floor(x / y);
  const results: Readonly<Record<string, number>> = {
    "+": x + y,
    "-": x - y,
    "*": x * y,
    "/": x / y,
    "//": floor,
    "%": Number.isFinite(y) ? x - y * floor : x % y,
    "**": x ** y,
  };
  const result = results[operator]!;
  if (float || (operator === "**" && y < 0)) return new Float(result);
  if (!Number.isSafeInteger(result)) throw new TemplateError("a whole number beyond 2^53");
  return result === 0 ? 0 : result;
}

function repeat(value: Value, times: number): Value | undefined {
  if (typeof value === "string") {
    if (value.length * times > mostCharacters) throw new TemplateError("a text that is too long");
    return value.repeat(times);
  }
  const items = isList(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (!items) return undefined;
  if (items.length * times > mostItems) throw new TemplateError("a list that is too long");
  const repeated = Array.from({ length: times }, () => items).flat();
  return isList(value) ? repeated : new Tuple(repeated);
}

export function negative(operator: string, value: Value): Value {
  const number = numberOf(value);
  if (number !== undefined) {
    const signed = operator === "-" ? -number : number;
    return value instanceof Float ? new Float(signed) : signed === 0 ? 0 : signed;
  }
  if (value instanceof Undefined) value.fail();
  throw new TemplateError(`bad operand type for unary ${operator}: '${typeName(value)}'`);
}

/** `== != < <= > >= in` and `not in` */
export function compares(operator: string, a: Value, b: Value): boolean {
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "in":
      return contains(b, a);
    case "not in":
      return !contains(b, a);
    case "<":
      return compare(a, b, operator) < 0;
    case "<=":
      return compare(a, b, operator) <= 0;
    case ">":
      return compare(a, b, operator) > 0;
    default:
      return compare(a, b, operator) >= 0;
  }
}

function contains(container: Value, item: Value): boolean {
  if (typeof container === "string") {
    if (typeof item === "string") return container.includes(item);
    if (item instanceof Undefined) item.fail();
    throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Dict) return container.has(item);
  if (container === None || numberOf(container) !== undefined)
    throw new TemplateError(`argument of type '${typeName(container)}' is not iterable`);
  return itemsOf(container).some((other) => equal(other, item));
}

/** `value[start:stop:step]`, by characters of texts. */
export function slice(value: Value, start: Value, stop: Value, step: Value): Value {
  const bounds = [start, stop, step].map((bound) => {
    if (bound === None) return undefined;
    if (typeof bound === "number") return bound;
    if (typeof bound === "boolean") return Number(bound);
    throw new TemplateError("slice indices must be integers or None");
  });
  if (value instanceof Undefined) value.fail();
  const sequence = typeof value === "string" || isList(value) || value instanceof Tuple || value instanceof Lazy;
  if (!sequence || (value instanceof Lazy && !value.repr))
    throw new TemplateError(`'${typeName(value)}' object is not subscriptable`);
  const picked = pick(itemsOf(value), bounds[0], bounds[1], bounds[2] ?? 1);
  if (typeof value === "string") return picked.map(String).join("");
  return value instanceof Tuple ? new Tuple(picked) : picked;
}

function pick(items: readonly Value[], from: number | undefined, to: number | undefined, step: number): Value[] {
  if (step === 0) throw new TemplateError("slice step cannot be zero");
  const { length } = items;
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const bound = (value: number | undefined, otherwise: number): number =>
    value === undefined ? otherwise : Math.min(high, Math.max(low, value < 0 ? value + length : value));
  const [start, stop] = step > 0 ? [bound(from, low), bound(to, high)] : [bound(from, high), bound(to, low)];
  const picked: Value[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) picked.push(items[i]!);
  return picked;
}

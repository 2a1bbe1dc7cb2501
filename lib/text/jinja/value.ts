/**
 * Python's values as templates see them. Whole numbers are JavaScript numbers, others a `Float`; texts are strings,
 * whose characters are code points; lists are arrays.
 */

export class TemplateError extends Error {
  override name = "TemplateError";
}

/** Python's None, and no other value. */
class NoneType {
  readonly name = "None";
}
export const None = new NoneType();

/** A number with a decimal point, also where it is whole: 5.0. */
export class Float {
  constructor(readonly value: number) {}
}

export class Tuple {
  constructor(
    readonly items: readonly Value[],
    /** Names of its items, where it has them. */
    readonly fields: readonly string[] = [],
  ) {}
}

/** A dictionary, in order of insertion. Keys that are equal in Python (1, 1.0, True) are one. */
export class Dict {
  private readonly entries = new Map<string, [key: Value, value: Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.entries.size;
  }
  get(key: Value): Value {
    return this.entries.get(hashOf(key))?.[1] ?? new Undefined();
  }
  has(key: Value): boolean {
    return this.entries.has(hashOf(key));
  }
  set(key: Value, value: Value): void {
    const hash = hashOf(key);
    this.entries.set(hash, [this.entries.get(hash)?.[0] ?? key, value]);
  }
  keys(): Value[] {
    return this.items().map(([key]) => key);
  }
  values(): Value[] {
    return this.items().map(([, value]) => value);
  }
  items(): [Value, Value][] {
    return [...this.entries.values()];
  }
}

/** What `{% set ns.x = … %}` writes to. */
export class Namespace {
  readonly fields = new Map<string, Value>();
}

/** What a generator or a view yields: it can be gone through, and is true even where it is empty. */
export class Lazy {
  constructor(
    readonly items: readonly Value[],
    /** Its repr, where it is one that has a length too: a view of a dictionary, a range. */
    readonly repr?: () => string,
  ) {}
}

/** A name or key that is not there. Printed it is nothing; most else that is done with it is an error. */
export class Undefined {
  /** @param what "'x' is undefined", "'dict object' has no attribute 'x'" */
  constructor(readonly what = "value is undefined") {}

  fail(): never {
    throw new TemplateError(this.what);
  }
}

export interface Arguments {
  args: Value[];
  kwargs: ReadonlyMap<string, Value>;
}

/** A function, macro or bound method. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (given: Arguments) => Value,
    /** Attributes: those of `loop`, say. */
    readonly fields: ReadonlyMap<string, Value> = new Map(),
  ) {}
}

export type Value =
  | NoneType
  | boolean
  | number
  | Float
  | string
  | readonly Value[]
  | Tuple
  | Dict
  | Namespace
  | Lazy
  | Undefined
  | Callable;

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === None) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (typeof value === "string") return "str";
  if (isList(value)) return "list";
  if (value instanceof Float) return "float";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Dict) return "dict";
  if (value instanceof Undefined) return "Undefined";
  return value instanceof Lazy ? "generator" : value instanceof Callable ? "function" : "object";
}

/** A number as JavaScript has it, truth values too; undefined for what is none. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return value instanceof Float ? value.value : undefined;
}

export function truth(value: Value): boolean {
  if (value === None || value instanceof Undefined) return false;
  if (typeof value === "string" || isList(value)) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof Lazy && value.repr !== undefined) return value.items.length > 0;
  const number = numberOf(value);
  return number === undefined || number !== 0;
}

/** Python's ==. */
export function equal(a: Value, b: Value): boolean {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x === y;
  if (isList(a)) return isList(b) && sameItems(a, b);
  if (a instanceof Tuple) return b instanceof Tuple && sameItems(a.items, b.items);
  if (a instanceof Undefined) return b instanceof Undefined;
  if (!(a instanceof Dict) || !(b instanceof Dict)) return a === b;
  return a.size === b.size && a.items().every(([key, value]) => b.has(key) && equal(value, b.get(key)));
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equal(item, b[i]!));
}

/** Below, at or above 0 as a is before, with or behind b. @throws TemplateError where Python does not order them */
export function compare(a: Value, b: Value, operator = "<"): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (typeof a === "string" && typeof b === "string") return comparePoints(a, b);
  const [items, others] =
    isList(a) && isList(b) ? [a, b] : a instanceof Tuple && b instanceof Tuple ? [a.items, b.items] : [];
  if (items && others) {
    const at = items.findIndex((item, i) => i >= others.length || !equal(item, others[i]!));
    return at < 0 || at >= others.length ? items.length - others.length : compare(items[at]!, others[at]!, operator);
  }
  for (const value of [a, b]) if (value instanceof Undefined) value.fail();
  throw new TemplateError(`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

/** By code points: UTF-16 puts those beyond U+FFFF before some of the others. */
function comparePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  if (i > 0 && /[\uDC00-\uDFFF]/.test(a[i] ?? b[i] ?? "")) i--;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

/** What a loop goes through. @throws TemplateError for what is not iterable */
export function itemsOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (typeof value === "string") return [...value];
  if (value instanceof Tuple || value instanceof Lazy) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof Undefined) return [];
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** @throws TemplateError for what has no length */
export function lengthOf(value: Value): number {
  if (value instanceof Lazy && value.repr === undefined)
    throw new TemplateError("object of type 'generator' has no len()");
  if (value === None || numberOf(value) !== undefined || value instanceof Callable || value instanceof Namespace)
    throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
  return value instanceof Dict ? value.size : itemsOf(value).length;
}

function hashOf(key: Value): string {
  const number = numberOf(key);
  if (number !== undefined) return `n${number}`;
  if (typeof key === "string") return `s${key}`;
  if (key === None) return "none";
  if (key instanceof Undefined) return "undefined";
  if (key instanceof Tuple) return `t${JSON.stringify(key.items.map(hashOf))}`;
  throw new TemplateError(`unhashable type: '${typeName(key)}'`);
}

/** JSON's values as Python's. */
export function fromJson(value: unknown): Value {
  if (value === undefined) return new Undefined();
  if (value === null) return None;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? value : new Float(value);
  if (Array.isArray(value)) return value.map(fromJson);
  return new Dict(Object.entries(value as object).map(([key, held]) => [key, fromJson(held)] as const));
}

/**
 * Methods of Python's texts, lists, tuples and dictionaries, bound to a value. Those that would change it are kept from
 * templates, as in transformers' sandbox.
 */
import { formatFields } from "./format";
import { Given } from "./given";
import { repr } from "./print";
import { type Method, textMethods } from "./textMethod";
import {
  type Arguments,
  Callable,
  Dict,
  equal,
  isList,
  Lazy,
  None,
  TemplateError,
  Tuple,
  Undefined,
  type Value,
} from "./value";

/** Attributes and items of a value, for fields of `str.format`. */
export type LookUp = (value: Value, name: string, item: boolean) => Value;

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

const listMethods: Readonly<Record<string, Method<readonly Value[]>>> = {
  copy: [[], (items) => [...items]],
  count: [["value"], (items, given) => items.filter((item) => equal(item, given.required("value"))).length],
  index: [
    ["value"],
    (items, given) => {
      const at = items.findIndex((item) => equal(item, given.required("value")));
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
